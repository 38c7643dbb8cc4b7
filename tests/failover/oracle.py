#!/usr/bin/env python3
"""Recomputes what models/failover/model.xml must put out, from the input records alone, and compares.

    oracle.py INPUT STATISTICS SUMS transactions|ids SWITCH...

The files are those that ReadTopic.java writes, of the input topic and of the two output topics. SWITCH are input offsets at which the role
moved. With `ids`, records whose id is not above the last one are dropped, as a reader must. Blocks are decoded as docs/binary-block.md says; nothing of Tidegate is used. The clock is the log: before a record is processed, all
whole seconds up to its timestamp have passed, and at each of them everything of an age of 30 minutes or more leaves (engine-semantics 4,
design.md 6). Every aggregate is computed afresh from the rows that are kept: nothing here adds or subtracts.

Checked after every input record that has output: each sensor whose statistics changed has the right row in the table that the output
events build, or none below ten readings; records without a due change have no output; ids rise; timestamps are those of the input;
sum20 = 20 C - 190 from C = 20 on. And that at least 1,000 events leave by age before, between and after the switches.
"""

import struct
import sys
import zlib
from collections import deque

WINDOW = 30 * 60 * 1000
ENOUGH = 10
LEAST_DELETES = 1000
INSERT, UPDATE, DELETE, UPSERT, _, UPDATE_BLOCK = range(1, 7)
RETENTION = 4


class Wrong(Exception):
    pass


def decode(block):
    """(input id, sub, engine time in microseconds, [(opcode, flags, [values])]) of one binary block."""
    if block[:4] != b"TGEB" or struct.unpack_from("<HH", block, 4) != (1, 68):
        raise Wrong("no block of version 1")
    length, = struct.unpack_from("<I", block, 8)
    if length != len(block) or zlib.crc32(block[:-4]) != struct.unpack_from("<I", block, length - 4)[0]:
        raise Wrong("length or checksum of a block")
    input_, _client, sub, _part, time, _print, fields, list_bytes, events = struct.unpack_from("<qqIIqQIII", block, 16)
    at, types = 68, []
    for _ in range(fields):
        type_, _key, name = struct.unpack_from("<BBH", block, at)
        types.append(type_)
        at += 4 + name
    if at != 68 + list_bytes:
        raise Wrong("field list of a block")
    decoded = []
    for _ in range(events):
        opcode, flags, marks = block[at:at + 3]
        at += 3
        nulls = block[at:at + (fields + 7) // 8]
        at += len(nulls)
        if marks:
            raise Wrong("an unchanged field in output")
        values = []
        for field, type_ in enumerate(types):
            if nulls[field // 8] >> field % 8 & 1:
                values.append(None)
            elif type_ == 3:
                size, = struct.unpack_from("<I", block, at)
                values.append(block[at + 4:at + 4 + size].decode())
                at += 4 + size
            else:
                form, size = {0: ("<i", 4), 1: ("<q", 8), 2: ("<d", 8)}[type_]
                values.append(struct.unpack_from(form, block, at)[0])
                at += size
        decoded.append((opcode, flags, values))
    if at != length - 4:
        raise Wrong("bytes left over in a block")
    return input_, sub, time, decoded


def records(path):
    with open(path) as lines:
        for line in lines:
            offset, timestamp, key, headers, value = line.split()
            yield int(offset), int(timestamp), key, headers, decode(bytes.fromhex(value))


class Output:
    """The records of an output topic, by the input record that caused them."""

    def __init__(self, path, drops):
        self.name, self.count, self.retention, self.dropped = path, 0, 0, 0
        self.steps, self.table, self.stream, last = {}, {}, None, (-1, -1)
        for offset, timestamp, key, headers, (input_, sub, _time, events) in records(path):
            where = "%s offset %d: " % (path, offset)
            name, _, value = headers.partition("=")
            stream, *numbers = bytes.fromhex(value).decode().split(":")
            if name != "tidegate-id" or numbers != [str(input_), str(sub), "0"]:
                raise Wrong(where + "headers %s for block %d:%d" % (headers, input_, sub))
            if self.stream not in (None, stream):
                raise Wrong(where + "two streams in one topic")
            if key != "-":
                raise Wrong(where + "a key")
            if (input_, sub) <= last and drops:
                self.dropped += 1
                continue
            if (input_, sub) <= last:
                raise Wrong(where + "id %s after %s" % ((input_, sub), last))
            self.stream, last = stream, (input_, sub)
            self.count += 1
            self.steps.setdefault(input_, []).append((timestamp, events))
            self.retention += sum(1 for _, flags, _ in events if flags & RETENTION)

    def apply(self, input_, times):
        """The output of one step into the table; the changed keys."""
        changed = set()
        for timestamp, events in self.steps.pop(input_, []):
            if timestamp not in times:
                raise Wrong("%s: timestamp %d in step %d" % (self.name, timestamp, input_))
            pending = None
            for opcode, _flags, values in events:
                key = values[0]
                changed.add(key)
                if pending is not None:
                    if opcode != DELETE or values != pending:
                        raise Wrong("%s: step %d: an update without its old row" % (self.name, input_))
                    pending = None
                elif opcode == INSERT and key not in self.table:
                    self.table[key] = values
                elif opcode == UPDATE_BLOCK and key in self.table:
                    pending, self.table[key] = self.table[key], values
                elif opcode == DELETE and self.table.get(key) == values:
                    del self.table[key]
                else:
                    raise Wrong("%s: step %d: opcode %d of %s" % (self.name, input_, opcode, key))
            if pending is not None:
                raise Wrong("%s: step %d: half an update" % (self.name, input_))
        return changed


def statistics(sensor, values):
    if len(values) < ENOUGH:
        return None
    return [sensor, len(values), sum(values), sum(values) / len(values), min(values), max(values)]


def check(input_path, statistics_path, sums_path, mode, *switches):
    switches = [int(word) for word in switches]
    busy, sums = Output(statistics_path, mode == "ids"), Output(sums_path, mode == "ids")
    kept, sensors, deletes, clock, counters = deque(), {}, [0] * (len(switches) + 1), None, deque(maxlen=20)
    events_seen = 0
    for offset, timestamp, _key, _headers, (_id, _sub, _time, events) in records(input_path):
        clock = timestamp if clock is None else max(clock, timestamp)
        second, touched = clock // 1000 * 1000, set()
        while kept and second - kept[0][0] >= WINDOW:
            _, sensor = kept.popleft()
            sensors[sensor].popleft()
            touched.add(sensor)
            deletes[sum(1 for switch in switches if offset >= switch)] += 1
        for _opcode, _flags, (_event_id, sensor, counter, value, _feed) in events:
            kept.append((clock, sensor))
            sensors.setdefault(sensor, deque()).append(value)
            touched.add(sensor)
            counters.append(counter)
            events_seen += 1
        times = range(clock - 60_000, clock + 1)
        for sensor in busy.apply(offset, times) | touched:
            want, have = statistics(sensor, sensors[sensor]), busy.table.get(sensor)
            if want != have:
                raise Wrong("step %d: %s is %s, not %s" % (offset, sensor, have, want))
        sums.apply(offset, times)
        feed, newest, sum20 = sums.table[7]
        if newest != counters[-1] or sum20 != sum(counters) or (newest >= 20 and sum20 != 20 * newest - 190):
            raise Wrong("step %d: sums are %s" % (offset, [feed, newest, sum20]))
    for output in (busy, sums):
        if output.steps:
            raise Wrong("%s: output of steps that no input caused: %s" % (output.name, sorted(output.steps)[:5]))
    if min(deletes) < LEAST_DELETES:
        raise Wrong("retention deletes between switches: %s, at least %d wanted" % (deletes, LEAST_DELETES))
    if busy.retention < LEAST_DELETES:
        raise Wrong("only %d output events carry the flag of a retention delete" % busy.retention)
    print("%d events in, %d and %d records out, %s retention deletes between the switches"
          % (events_seen, busy.count, sums.count, deletes))


if __name__ == "__main__":
    try:
        check(*sys.argv[1:])
    except Wrong as wrong:
        sys.exit("oracle: %s" % wrong)
