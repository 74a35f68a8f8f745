#include "core/base/log.hpp"

#include <mutex>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "core/base/repeats.hpp"
#include "core/base/text.hpp"

namespace evenkeel::log {
namespace {

spdlog::logger& logger() {
    // Never destroyed: abandoned threads may still log while the process ends.
    static auto* instance = [] {
        auto* made =
            new spdlog::logger("evenkeel", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l [%t] %v", spdlog::pattern_time_type::utc);
        made->set_level(spdlog::level::info);
        made->flush_on(spdlog::level::debug);
        return made;
    }();
    return *instance;
}

spdlog::level::level_enum level_of(Level level) {
    switch (level) {
        case Level::debug:
            return spdlog::level::debug;
        case Level::info:
            return spdlog::level::info;
        case Level::warning:
            return spdlog::level::warn;
        case Level::error:
            return spdlog::level::err;
        case Level::off:
            break;
    }
    return spdlog::level::off;
}

// Whether the entry is written; and writes what was folded before it.
bool passes_repeats(spdlog::level::level_enum level, std::string_view text,
                    const std::string& line) {
    // Never destroyed, like the logger.
    static auto* mutex = new std::mutex;
    static auto* repeats = new Repeats;
    const auto now = Repeats::Clock::now();
    const std::scoped_lock lock(*mutex);
    const bool passes = level < spdlog::level::warn || repeats->passes(level, text, line, now);
    for (const Repeats::Folded& folded : repeats->take_over(now)) {
        logger().log(static_cast<spdlog::level::level_enum>(folded.level), "{} (repeated {} times)",
                     folded.line, folded.count);
    }
    return passes;
}

}  // namespace

void set_level(Level level) {
    logger().set_level(level_of(level));
}

bool set_level(std::string_view name) {
    if (name == "debug") set_level(Level::debug);
    else if (name == "info") set_level(Level::info);
    else if (name == "warning") set_level(Level::warning);
    else if (name == "error") set_level(Level::error);
    else if (name == "off") set_level(Level::off);
    else return false;
    return true;
}

bool is_written(Level level) {
    return logger().should_log(level_of(level));
}

void write(Level level, std::string_view text, std::initializer_list<Field> fields) {
    if (!is_written(level)) return;
    // Text from outside may hold line ends and terminal escapes; an entry stays one inert line.
    std::string line = printable(text);
    for (const auto& [key, value] : fields) {
        line.append(" ").append(key).append("=").append(printable(value));
    }
    if (!passes_repeats(level_of(level), text, line)) return;
    logger().log(level_of(level), "{}", line);
}

}  // namespace evenkeel::log
