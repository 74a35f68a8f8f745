#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/crypto/record_chain.hpp"

namespace evenkeel::state {

// What a backup holds.
struct BackupContent {
    std::string made;  // RFC 3339; empty for one that does not say it
    std::string stream;
    std::uint64_t revision = 0;
    std::uint64_t hosts = 0;  // those that are not retired
    crypto::ChainEnd head;    // of the audit
};
json::Object encode(const BackupContent& content);

struct Backup {
    std::uint64_t bytes = 0;  // of the copy
    // Not there for a store of an older layout, which this program does not read.
    std::optional<BackupContent> content;
};
// Copies the store in `state_dir`, which a running orchestrator may have open, and the files named
// beside it, where they exist, to `to` (new or empty, made 0700). One moment of the store, whole.
// backup.json beside them is written last, and says what it holds. `conflict` when `to` is not
// empty, `not_found` when there is no store.
Result<Backup> backup(const std::string& state_dir, const std::vector<std::string>& files,
                      const std::string& to);

struct Restored {
    BackupContent backup;
    std::string stream;
    // Folders in `state_dir` with what was replaced; empty if there was nothing.
    std::string former_store;
    std::string former_files;
};
// Puts a backup in place of what is in `state_dir`: under a new stream, whose predecessor ends at
// the backup's revision, and whose first event and next audit record say so. Commands of the backup
// that were unfinished end `interrupted`; comparing with the hosts brings back what is wanted. The
// store that was there is kept beside, as store.before-restore, and the files that were replaced in
// keys.before-restore. `busy` while an orchestrator runs; the caller holds no lock. Files get the
// owner of `state_dir`. Nothing is replaced by a backup that lacks one of the files `needed`, or is
// damaged. Where it was interrupted it can be done again.
Result<Restored> restore(const std::string& state_dir, const std::vector<std::string>& files,
                         const std::string& from, const std::vector<std::string>& needed = {});

}  // namespace evenkeel::state
