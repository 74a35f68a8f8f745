#pragma once

#include <string>

#include <evenkeel/plugin.h>

// What a plugin must not do to its process or with what it is given.
namespace evenkeel::test {

void act_at_load();
// In every apply that is no plan.
void act_in_apply(const ek_host* host, const ek_call* call, ek_str id, ek_str description);
void act_in_read(const ek_call* call, ek_str ids);
// Of a plugin that cannot live in a process of its own. Throws a Failure where it does not work.
void act_in_open(const std::string& folder);
void show_to_a_shell(const std::string& line);
void act_in_close(const ek_host* host);

}  // namespace evenkeel::test
