#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/cpp/fd.hpp>

namespace cron {

namespace sdk = evenkeel::sdk;

struct Entry {
    std::string schedule, user, command;
};

// What a file says. Fields are empty where it has no entry.
struct Found {
    Entry entry;
    std::string problem;  // why cron does not run just this; empty: it does
    std::int64_t mtime = 0;
};

// The entry of the lines, and what else there is as the problem.
Found parse(std::string_view lines);

// The folder of crontab files, one entry in each of ours. Members throw sdk::Failure.
class Crontabs {
  public:
    // EK_E_UNAVAILABLE where there is no such folder.
    explicit Crontabs(std::string folder);

    const std::string& folder() const { return folder_; }
    std::vector<std::string> names() const;                         // of all that are ours, sorted
    std::optional<Found> read(const std::string& name) const;       // nothing: it is not there
    void write(const std::string& name, const Entry& entry) const;  // whole or not at all
    void remove(const std::string& name) const;

    // Whether a resource may have this name; it becomes a part of a file's.
    static bool is_name(std::string_view name);
    // The resource of a file; nothing of one that is not ours.
    static std::optional<std::string> name_of(std::string_view file);

  private:
    sdk::Fd open_folder() const;

    std::string folder_;
};

}  // namespace cron
