#pragma once

#include <string>

#include <evenkeel/cpp/changes.hpp>

namespace evenkeel::posix {
class Accounts;
struct Place;
}  // namespace evenkeel::posix

namespace evenkeel::files {

struct Desired;
struct Entry;

// The changes that make `now` as desired. Throws EK_E_CONFLICT if what is there is never replaced,
// EK_E_INVALID if a new symlink has no target.
sdk::Changes difference(const Entry& now, const Desired& desired, const std::string& path,
                        posix::Accounts& accounts);

// Makes the changes.
void apply_changes(const posix::Place& place, const std::string& path, const Entry& now,
                   const Desired& desired, const sdk::Call& call, sdk::Changes& changes);

}  // namespace evenkeel::files
