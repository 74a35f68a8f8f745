#pragma once

#include <string>

#include "core/base/result.hpp"

namespace evenkeel::store {
class Env;
class WriteTxn;
}  // namespace evenkeel::store

namespace evenkeel::agent {

// The tables of layout 1 that layout 2 has no more.
inline constexpr const char* kRetiredTables[] = {"removals", "debts"};

// Brings a store of layout 1 to layout 2, in one transaction, which the caller commits. In layout 1
// a command held its descriptions and `descriptions` held them again; sealed text lay inside the
// JSON of its record; and some names said little (`debts`, `held/`). `key_file` opens what is
// sealed: `not_found` when it is lost. Takes as long as reading and writing the whole store.
Result<void> migrate_to_layout_2(const store::Env& env, store::WriteTxn& txn,
                                 const std::string& key_file);

}  // namespace evenkeel::agent
