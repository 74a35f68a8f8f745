#pragma once

#include <string>
#include <utility>
#include <vector>

// What a check is, and how it says what it found. A check returns if the rule holds; anything else
// it throws.
namespace evenkeel::validate {

class Bench;

enum class Weight { hard, warning };
// What a check looks at: the module as a whole, or each of its collections in turn.
enum class Scope { module, collection };

struct Check {
    const char* id;     // "F07": its group is the letter
    const char* title;  // what is demanded, in one line
    Scope scope;
    void (*run)(Bench&);
    Weight weight = Weight::hard;
};

// The rule is broken; `record` is what the plugin sent that broke it, or empty.
struct Broken {
    std::string what, record;
};
// The rule cannot be tried here, and why.
struct Skipped {
    std::string why;
};

[[noreturn]] inline void broken(std::string what, std::string record = {}) {
    throw Broken{std::move(what), std::move(record)};
}
[[noreturn]] inline void skip(std::string why) {
    throw Skipped{std::move(why)};
}
inline void demand(bool holds, const char* what, std::string record = {}) {
    if (!holds) broken(what, std::move(record));
}
inline void demand(bool holds, std::string what, std::string record = {}) {
    if (!holds) broken(std::move(what), std::move(record));
}

// One list for each group, in the order of their ids.
std::vector<Check> package_checks();    // A
std::vector<Check> entry_checks();      // B
std::vector<Check> schema_checks();     // C
std::vector<Check> lifecycle_checks();  // D
std::vector<Check> read_checks();       // E
std::vector<Check> change_checks();     // F
std::vector<Check> compare_checks();    // G
std::vector<Check> watch_checks();      // H
std::vector<Check> cancel_checks();     // I
std::vector<Check> hostile_checks();    // J
std::vector<Check> memory_checks();     // K
std::vector<Check> process_checks();    // L
std::vector<Check> evolution_checks();  // M
std::vector<Check> isolation_checks();  // N
std::vector<Check> speed_checks();      // O

struct Group {
    char letter;
    const char* title;
    std::vector<Check> checks;
};
// All of them. Made once.
const std::vector<Group>& all_groups();

}  // namespace evenkeel::validate
