//! The notes, by id.

/// One note.
pub struct Note {
    pub id: u32,
    pub text: String,
}

/// All notes, in the order of their ids, which count from 1.
pub struct Store {
    notes: Vec<Note>,
    last: u32,
}

impl Store {
    pub const fn new() -> Store {
        Store { notes: Vec::new(), last: 0 }
    }

    pub fn add(&mut self, text: &str) -> &Note {
        self.last += 1;
        self.notes.push(Note { id: self.last, text: text.into() });
        &self.notes[self.notes.len() - 1]
    }

    pub fn get(&self, id: u32) -> Option<&Note> {
        self.find(id).map(|at| &self.notes[at])
    }

    /// Removes a note, and returns whether it was there.
    pub fn remove(&mut self, id: u32) -> bool {
        self.find(id).map(|at| self.notes.remove(at)).is_some()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Note> {
        self.notes.iter()
    }

    fn find(&self, id: u32) -> Option<usize> {
        self.notes.binary_search_by_key(&id, |note| note.id).ok()
    }
}
