#pragma once

#include <map>
#include <set>
#include <string>

#include <sys/types.h>

// What belongs to the whole process, so that what a plugin did to it is seen.
namespace evenkeel::validate {

// By a word for people ("umask"): its value. Without descriptors, threads and children.
using ProcessState = std::map<std::string, std::string>;
ProcessState process_state();
// The first thing that differs, as "umask: 022 before, 077 after"; empty: none.
std::string difference(const ProcessState& before, const ProcessState& after);

// Open descriptors: what each of them is, by its number.
std::map<int, std::string> open_descriptors();
std::set<pid_t> threads();
// Running and ended children that nobody has waited for, and theirs; `but` is left out.
std::set<pid_t> children(pid_t but);
std::size_t resident_bytes();
std::size_t heap_bytes();  // that are in use

}  // namespace evenkeel::validate
