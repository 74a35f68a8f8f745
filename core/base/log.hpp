#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

// The process's log: one line an entry on standard error, `time level [thread] text key=value ...`.
// Never give it a secret or a whole input. A call never fails. Of warnings and errors with one text
// twenty in ten seconds are written; how many more there were is told beside the next entry. [any]
namespace evenkeel::log {

enum class Level { debug, info, warning, error, off };

using Field = std::pair<std::string_view, std::string>;

// Entries below `level` are dropped. The default is info.
void set_level(Level level);
// "debug", "info", "warning", "error" or "off"; false for another word, and nothing changes.
bool set_level(std::string_view name);

// Whether entries of this level are written: for those that are costly to put together.
bool is_written(Level level);

void write(Level level, std::string_view text, std::initializer_list<Field> fields = {});

// For following a single piece of work when looking for an error.
inline void debug(std::string_view text, std::initializer_list<Field> fields = {}) {
    write(Level::debug, text, fields);
}
// The few events an operator wants to read when all is well.
inline void info(std::string_view text, std::initializer_list<Field> fields = {}) {
    write(Level::info, text, fields);
}
// A mistake of a peer or client, or a failure that ends by itself.
inline void warning(std::string_view text, std::initializer_list<Field> fields = {}) {
    write(Level::warning, text, fields);
}
// A bug of ours, or a failure that an operator has to act on.
inline void error(std::string_view text, std::initializer_list<Field> fields = {}) {
    write(Level::error, text, fields);
}

}  // namespace evenkeel::log
