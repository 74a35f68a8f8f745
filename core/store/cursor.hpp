#pragma once

#include <memory>

#include <lmdb.h>

namespace evenkeel::store {

struct CloseCursor {
    void operator()(MDB_cursor* cursor) const { mdb_cursor_close(cursor); }
};
using Cursor = std::unique_ptr<MDB_cursor, CloseCursor>;

}  // namespace evenkeel::store
