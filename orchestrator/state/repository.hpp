#pragma once

namespace evenkeel::store {
class ReadTxn;
class WriteTxn;
}  // namespace evenkeel::store

namespace evenkeel::state {

class Edit;
class Entry;
class View;
struct Tables;

// What every repository is made of. A repository is a small handle on one kind of thing that is
// kept: View and Edit give it, and it is good as long as they are. It alone knows in which tables
// and under which keys these things are stored. Its functions are questions and changes with a
// name, and each says its cost:
//   O(1)       one lookup, or a fixed number of them
//   O(answer)  as many as are given back
//   O(hosts)   all hosts are read, and so on
// What is not there is nothing. An error means that the store does not read or cannot be written;
// `corrupt` that a record is not what was written.
class Repository {
  protected:
    explicit Repository(const View& view);

    const store::ReadTxn* txn_;
    const Tables* tables_;
};

// What the repositories of an Edit have beside that. [lane]
class RepositoryEdits {
  protected:
    explicit RepositoryEdits(Edit& edit);

    Edit* edit_;
    store::WriteTxn* write_;
};

}  // namespace evenkeel::state
