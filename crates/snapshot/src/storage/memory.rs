//! A storage in memory that keeps what was written apart from what was synced.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Cursor, ErrorKind, Read};
use std::path::{Component, Path};
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Entry, Storage, WriteFile};

/// Files and directories in memory. Clones share one tree.
#[derive(Debug, Clone)]
pub struct Memory {
    tree: Arc<Mutex<Tree>>,
}

/// What of unsynced work a crash leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Survival {
    /// Only what was synced.
    Synced,
    /// Everything, as if the cache had just been written out.
    Written,
    /// Names as written, contents as synced: what file systems that journal only names leave.
    NamesOnly,
    /// For each name and file by itself: as synced, as written, or a written half. The number chooses.
    Mixed(u64),
}

type Names = BTreeMap<OsString, usize>;

#[derive(Debug, Clone)]
enum Node {
    Dir { written: Names, synced: Names },
    File { written: Vec<u8>, synced: Vec<u8> },
}

/// Nodes by number; node 0 is the root.
#[derive(Debug)]
struct Tree {
    nodes: Vec<Node>,
}

impl Default for Memory {
    fn default() -> Self {
        let root = Node::Dir { written: Names::new(), synced: Names::new() };
        Self { tree: Arc::new(Mutex::new(Tree { nodes: vec![root] })) }
    }
}

impl Memory {
    /// An empty storage.
    pub fn new() -> Self {
        Self::default()
    }

    /// What would be found after a crash now.
    pub fn after_crash(&self, survival: Survival) -> Self {
        let tree = self.tree.lock();
        let mut chance = Chance(survival);
        let nodes = tree.nodes.iter().map(|node| chance.survivor(node)).collect();
        Self { tree: Arc::new(Mutex::new(Tree { nodes })) }
    }

    /// A storage of its own with the same content.
    pub fn copied(&self) -> Self {
        Self { tree: Arc::new(Mutex::new(Tree { nodes: self.tree.lock().nodes.clone() })) }
    }

    /// All bytes of a file.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn bytes(&self, file: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(file)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Puts a file with these bytes, synced, in a directory that exists.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn put(&self, file: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut new = self.create(file)?;
        new.write(bytes)?;
        new.sync()?;
        self.sync_dir(file.parent().unwrap_or_else(|| Path::new("/")))
    }
}

struct Chance(Survival);

impl Chance {
    fn survivor(&mut self, node: &Node) -> Node {
        match node {
            Node::Dir { written, synced } => {
                let names = self.names(written, synced);
                Node::Dir { written: names.clone(), synced: names }
            }
            Node::File { written, synced } => {
                let bytes = self.content(written, synced);
                Node::File { written: bytes.clone(), synced: bytes }
            }
        }
    }

    fn names(&mut self, written: &Names, synced: &Names) -> Names {
        match self.0 {
            Survival::Synced => synced.clone(),
            Survival::Written | Survival::NamesOnly => written.clone(),
            Survival::Mixed(_) => {
                let mut names = Names::new();
                for name in written.keys().chain(synced.keys().filter(|name| !written.contains_key(*name))) {
                    let choice = if self.draw(2) == 0 { written } else { synced };
                    if let Some(&node) = choice.get(name) {
                        names.insert(name.clone(), node);
                    }
                }
                names
            }
        }
    }

    fn content(&mut self, written: &[u8], synced: &[u8]) -> Vec<u8> {
        match self.0 {
            Survival::Synced | Survival::NamesOnly => synced.to_vec(),
            Survival::Written => written.to_vec(),
            // What was written and synced last is certain.
            Survival::Mixed(_) if written == synced => synced.to_vec(),
            Survival::Mixed(_) => match self.draw(3) {
                0 => synced.to_vec(),
                1 => written.to_vec(),
                _ => written[..written.len() / 2].to_vec(),
            },
        }
    }

    /// The next of a fixed row of numbers below `limit` (splitmix64).
    fn draw(&mut self, limit: u64) -> u64 {
        let Survival::Mixed(state) = &mut self.0 else { return 0 };
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

impl Tree {
    fn find(&self, path: &Path) -> io::Result<usize> {
        let mut at = 0;
        for part in path.components() {
            match part {
                Component::RootDir | Component::CurDir => {}
                Component::Normal(name) => at = *self.names(at)?.get(name).ok_or(ErrorKind::NotFound)?,
                Component::ParentDir | Component::Prefix(_) => return Err(ErrorKind::InvalidInput.into()),
            }
        }
        Ok(at)
    }

    /// The directory that holds the last name of `path`, and this name.
    fn parent(&self, path: &Path) -> io::Result<(usize, OsString)> {
        let name = path.file_name().ok_or(ErrorKind::InvalidInput)?.to_owned();
        let parent = path.parent().map_or(Ok(0), |parent| self.find(parent))?;
        self.names(parent)?;
        Ok((parent, name))
    }

    fn names(&self, dir: usize) -> io::Result<&Names> {
        match &self.nodes[dir] {
            Node::Dir { written, .. } => Ok(written),
            Node::File { .. } => Err(ErrorKind::NotADirectory.into()),
        }
    }

    fn names_mut(&mut self, dir: usize) -> io::Result<&mut Names> {
        match &mut self.nodes[dir] {
            Node::Dir { written, .. } => Ok(written),
            Node::File { .. } => Err(ErrorKind::NotADirectory.into()),
        }
    }

    fn add(&mut self, dir: usize, name: OsString, node: Node) -> io::Result<usize> {
        let id = self.nodes.len();
        self.nodes.push(node);
        self.names_mut(dir)?.insert(name, id);
        Ok(id)
    }

    fn remove(&mut self, path: &Path, want_dir: bool) -> io::Result<()> {
        let node = self.find(path)?;
        match &self.nodes[node] {
            Node::Dir { .. } if !want_dir => return Err(ErrorKind::IsADirectory.into()),
            Node::File { .. } if want_dir => return Err(ErrorKind::NotADirectory.into()),
            Node::Dir { written, .. } if !written.is_empty() => {
                return Err(ErrorKind::DirectoryNotEmpty.into());
            }
            _ => {}
        }
        let (parent, name) = self.parent(path)?;
        self.names_mut(parent)?.remove(&name);
        Ok(())
    }
}

impl Storage for Memory {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        let mut tree = self.tree.lock();
        if tree.find(dir).is_ok() {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let (parent, name) = tree.parent(dir)?;
        tree.add(parent, name, Node::Dir { written: Names::new(), synced: Names::new() })?;
        Ok(())
    }

    fn create(&self, file: &Path) -> io::Result<Box<dyn WriteFile>> {
        let mut tree = self.tree.lock();
        let node = match tree.find(file) {
            Ok(node) => {
                let Node::File { written, .. } = &mut tree.nodes[node] else {
                    return Err(ErrorKind::IsADirectory.into());
                };
                written.clear();
                node
            }
            Err(_) => {
                let (parent, name) = tree.parent(file)?;
                tree.add(parent, name, Node::File { written: Vec::new(), synced: Vec::new() })?
            }
        };
        Ok(Box::new(MemoryFile { tree: Arc::clone(&self.tree), node }))
    }

    fn open(&self, file: &Path) -> io::Result<Box<dyn Read + Send>> {
        let tree = self.tree.lock();
        match &tree.nodes[tree.find(file)?] {
            Node::File { written, .. } => Ok(Box::new(Cursor::new(written.clone()))),
            Node::Dir { .. } => Err(ErrorKind::IsADirectory.into()),
        }
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut tree = self.tree.lock();
        let node = tree.find(dir)?;
        match &mut tree.nodes[node] {
            Node::Dir { written, synced } => synced.clone_from(written),
            Node::File { .. } => return Err(ErrorKind::NotADirectory.into()),
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut tree = self.tree.lock();
        let node = tree.find(from)?;
        if tree.find(to).is_ok_and(|taken| {
            matches!(tree.nodes[taken], Node::Dir { .. }) || matches!(tree.nodes[node], Node::Dir { .. })
        }) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let (old_dir, old_name) = tree.parent(from)?;
        let (new_dir, new_name) = tree.parent(to)?;
        tree.names_mut(new_dir)?.insert(new_name, node);
        tree.names_mut(old_dir)?.remove(&old_name);
        Ok(())
    }

    fn remove_file(&self, file: &Path) -> io::Result<()> {
        self.tree.lock().remove(file, false)
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        self.tree.lock().remove(dir, true)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        let tree = self.tree.lock();
        let entry = |(name, &node): (&OsString, &usize)| Entry {
            name: name.to_string_lossy().into_owned(),
            is_dir: matches!(tree.nodes[node], Node::Dir { .. }),
        };
        Ok(tree.names(tree.find(dir)?)?.iter().map(entry).collect())
    }
}

struct MemoryFile {
    tree: Arc<Mutex<Tree>>,
    node: usize,
}

impl WriteFile for MemoryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Node::File { written, .. } = &mut self.tree.lock().nodes[self.node] {
            written.extend_from_slice(bytes);
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        if let Node::File { written, synced } = &mut self.tree.lock().nodes[self.node] {
            synced.clone_from(written);
        }
        Ok(())
    }
}
