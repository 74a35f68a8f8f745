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

// The base of all repositories. A repository is a small handle on one kind of stored object: View
// and Edit return it, and it is valid as long as they are. It alone knows in which tables and under
// which keys the objects are stored. Its functions are named queries and changes, and each states
// its cost:
//   O(1)       one lookup, or a fixed number of them
//   O(answer)  as many as are given back
//   O(hosts)   all hosts are read, and so on
// An absent object is an empty optional. An error means that the store cannot be read or written;
// `corrupt` that a record is not what was written.
class Repository {
  protected:
    explicit Repository(const View& view);

    const store::ReadTxn* txn_;
    const Tables* tables_;
};

// The further base of the repositories of an Edit. [lane]
class RepositoryEdits {
  protected:
    explicit RepositoryEdits(Edit& edit);

    Edit* edit_;
    store::WriteTxn* write_;
};

}  // namespace evenkeel::state
