//! The configuration: properties of files, environment and command line, and what comes of them together with the options
//! (failover-and-server 4.2 to 4.5). The command line wins over `-C`, that over `ESPENV`, that over the files of the
//! configuration directory, those over what the model says of ports.

mod properties;
mod settings;
mod yaml;

pub(crate) use properties::Properties;
pub(crate) use settings::{ModelSource, Security, Settings, settle};
