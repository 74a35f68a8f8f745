#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

// The process's log: one line an entry on standard error, `time level [thread] text key=value ...`.
// Never give it a secret or a whole input. [any thread]
namespace evenkeel::log {

enum class Level { debug, info, warning, error, off };

using Field = std::pair<std::string_view, std::string>;

// Entries below `level` are dropped. The default is info.
void set_level(Level level);
// "debug", "info", "warning", "error" or "off"; false for another word, and nothing changes.
bool set_level(std::string_view name);

void write(Level level, std::string_view text, std::initializer_list<Field> fields = {});

// Work that somebody may want to follow when it goes wrong.
inline void debug(std::string_view text, std::initializer_list<Field> fields = {}) {
    write(Level::debug, text, fields);
}
// The few things an operator wants to read on a good day.
inline void info(std::string_view text, std::initializer_list<Field> fields = {}) {
    write(Level::info, text, fields);
}
// Somebody else's mistake, or something that heals by itself.
inline void warning(std::string_view text, std::initializer_list<Field> fields = {}) {
    write(Level::warning, text, fields);
}
// Ours to mend, or an operator's to act on.
inline void error(std::string_view text, std::initializer_list<Field> fields = {}) {
    write(Level::error, text, fields);
}

}  // namespace evenkeel::log
