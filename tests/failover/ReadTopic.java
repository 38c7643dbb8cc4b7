// Reads partition 0 of topics from their first records to their ends and writes one line per record, each topic into a file:
//
//     OFFSET TIMESTAMP KEY NAME=HEADER,... VALUE
//
// Bytes are hexadecimal; `-` stands for what a record does not have. Run from its source with Kafka's own client library, so that nothing
// of what it reads with has been used to write: java -cp JARS ReadTopic.java BOOTSTRAP read_committed|read_uncommitted (TOPIC FILE)...

import java.io.BufferedWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

public class ReadTopic {
    static final HexFormat HEX = HexFormat.of();

    static String hex(byte[] bytes) {
        return bytes == null ? "-" : HEX.formatHex(bytes);
    }

    static String line(ConsumerRecord<byte[], byte[]> record) {
        StringBuilder headers = new StringBuilder();
        for (Header header : record.headers()) {
            headers.append(headers.length() == 0 ? "" : ",").append(header.key()).append('=').append(hex(header.value()));
        }
        return record.offset() + " " + record.timestamp() + " " + hex(record.key()) + " "
            + (headers.length() == 0 ? "-" : headers) + " " + hex(record.value());
    }

    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", arguments[0]);
        properties.put("isolation.level", arguments[1]);
        properties.put("enable.auto.commit", "false");
        properties.put("auto.offset.reset", "none");
        properties.put("allow.auto.create.topics", "false");
        ByteArrayDeserializer bytes = new ByteArrayDeserializer();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties, bytes, bytes)) {
            for (int at = 2; at < arguments.length; at += 2) {
                read(consumer, new TopicPartition(arguments[at], 0), Path.of(arguments[at + 1]));
            }
        }
    }

    static void read(KafkaConsumer<byte[], byte[]> consumer, TopicPartition partition, Path file) throws Exception {
        List<TopicPartition> all = List.of(partition);
        try (BufferedWriter out = Files.newBufferedWriter(file)) {
            consumer.assign(all);
            consumer.seek(partition, consumer.beginningOffsets(all).get(partition));
            long end = consumer.endOffsets(all).get(partition);
            while (consumer.position(partition) < end) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    out.write(line(record));
                    out.newLine();
                }
            }
        }
    }
}
