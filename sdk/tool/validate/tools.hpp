#pragma once

#include <functional>
#include <map>
#include <string>

#include "sdk/tool/validate/instance.hpp"

// What several groups of checks have in common.
namespace evenkeel::validate {

// A line for everything under a folder, with owner, mode, size and times; folders of the
// validator's own are left out.
std::map<std::string, std::string> tree(const std::string& folder);
// The first path that differs; empty: none.
std::string difference_of(const std::map<std::string, std::string>& before,
                          const std::map<std::string, std::string>& after);

// Runs `work` in a forked child: what it returned, or how it ended in place of that.
struct ChildResult {
    bool returned = false;
    std::string text;  // what it returned; or "exit 3", "SIGSEGV"
};
ChildResult in_child(const std::function<std::string()>& work);

// The state without its volatile properties.
json::Value lasting(const schema::Schema& schema, json::Value state);
// Whether two values of this field are the same, by its x-ek-compare.
bool same(const schema::Field& field, const json::Value& one, const json::Value& other);
// The changes with which a host judges a state: by the plugin's compare, or by the schema's words.
std::vector<std::string> differing_paths(Bench& bench, Instance& instance,
                                         const json::Value& description, const json::Value& state);
std::vector<std::string> paths_of(const Answers& told);

// Everything that the collection can do, once: its records as text, equal from run to run. Leaves
// nothing behind.
std::string tour(Bench& bench);
// The same with a plain host, in a child; only the first check of a run has to take it.
ChildResult plain_tour(Bench& bench);

// Throws Skipped when so many changes would take longer than that, by the pace of a few. The
// resource that it tries is then away again.
void need_pace(Bench& bench, Instance& instance, int changes, int seconds);

}  // namespace evenkeel::validate
