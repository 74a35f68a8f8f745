#pragma once

#include <string>

#include "core/base/result.hpp"
#include "core/command_line/exit.hpp"

// The subcommands of the program beside `run`: they work on the state folder of an orchestrator
// that does not run (back_up: also of one that does). Each prints its result as JSON on standard
// output, or what is wrong on standard error, and returns what main shall: kExitInUse where another
// process works on the folder.
namespace evenkeel {

struct Config;

int back_up(const Config& config, const std::string& to);
int restore(const Config& config, const std::string& from);
// kExitFailed when the chain of the audit's records is broken.
int verify_audit(const Config& config);
// kExitFailed when something in the store does not read.
int check_store(const Config& config);
// For an administrator who has lost the last token: whoever can write the state folder may. Into
// `file`, or admin.token in the state folder when that is empty.
int make_admin_token(const Config& config, std::string file);

// Prints the error, and returns `code`, or kExitInUse for a failure because of another process.
int print_error(const Error& error, int code = kExitFailed);

}  // namespace evenkeel
