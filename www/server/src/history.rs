//! The history of a room: its last hundred messages, each with its number.

use std::collections::VecDeque;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::files::File;
use crate::input::{Key, Name, Text};

/// The most messages that are kept for members who join later.
pub const KEPT: usize = 100;
/// The most keys that are remembered, to recognise a message that is sent again.
const KEYS: usize = 500;

/// A message in the history.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    pub number: u64,
    from: Name,
    /// Milliseconds since 1970.
    at: u64,
    #[serde(flatten)]
    pub content: Content,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Content {
    Text(Text),
    File(File),
}

#[derive(Default)]
pub struct History {
    items: VecDeque<Item>,
    keys: VecDeque<(Key, Key, Item)>,
    count: u64,
}

impl History {
    pub fn add(&mut self, tab: &Key, key: &Key, from: Name, content: Content) -> &Item {
        self.count += 1;
        let item = Item { number: self.count, from, at: now(), content };
        if self.items.len() == KEPT {
            self.items.pop_front();
        }
        if self.keys.len() == KEYS {
            self.keys.pop_front();
        }
        self.keys.push_back((tab.clone(), key.clone(), item.clone()));
        let place = self.items.len();
        self.items.push_back(item);
        &self.items[place]
    }

    /// The message that a tab has sent with this key already.
    pub fn find(&self, tab: &Key, key: &Key) -> Option<&Item> {
        self.keys.iter().find(|(owner, known, _)| owner == tab && known == key).map(|(_, _, item)| item)
    }

    pub fn items(&self) -> &VecDeque<Item> {
        &self.items
    }
}

fn now() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_hundred_are_kept_and_a_key_is_known_for_longer() {
        let key = |number: usize| Key::parse(&format!("{number:016}")).unwrap();
        let (tab, name) = (key(0), Name::parse("Ada").unwrap());
        let mut history = History::default();
        for number in 1..=KEPT + 5 {
            history.add(&tab, &key(number), name.clone(), Content::Text(Text::parse("hi").unwrap()));
        }
        assert_eq!((history.items().len(), history.items()[0].number), (KEPT, 6));
        assert_eq!(history.find(&tab, &key(1)).map(|item| item.number), Some(1));
        // Another tab's key is another key.
        assert_eq!(history.find(&key(9), &key(1)), None);
    }
}
