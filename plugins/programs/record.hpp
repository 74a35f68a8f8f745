#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/plugin.hpp>

#include "plugins/programs/program.hpp"

namespace evenkeel::programs {

// What is kept of one resource between two looks.
struct Record {
    Program program;               // as it was described last
    std::string environment_mark;  // of its environment; empty: it had none
    bool done = false;             // it has ended as expected since it does this work
    std::int64_t runs = 0;
    std::string ran_at;  // empty: never
    int exit_code = 0;   // of the last run

    bool has_environment(const std::vector<std::string>& variables) const;
    void set_environment(const std::vector<std::string>& variables);
    // The state, given why it is to be run.
    std::string state(const std::optional<std::string>& due) const;
};

// The records in the host's storage, or with a host that has none in memory. Each member blocks on
// the disk and throws what the host says. [worker], any number at once
class Records {
  public:
    explicit Records(const sdk::Host& host) : storage_(host) {}

    std::optional<Record> get(std::string_view id) const;
    void put(std::string_view id, const Record& record) const;  // durable when it returns
    void erase(std::string_view id) const;

  private:
    std::optional<std::string> kept(std::string_view id) const;

    sdk::Storage storage_;
    mutable std::mutex mutex_;  // guards in_memory_
    mutable std::map<std::string, std::string, std::less<>> in_memory_;
};

}  // namespace evenkeel::programs
