#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/api/api_result.hpp"

namespace evenkeel::api {

// Collects every wrong field of a body, so that one reply reports all of them.
class Findings {
  public:
    void add(std::string pointer, std::string code, std::string detail);
    void invalid(std::string pointer, std::string detail) {
        add(std::move(pointer), "invalid", std::move(detail));
    }
    // Every member of `object` that `schema`, of an object, does not name, and, when it is no
    // object at all, that. False in the latter case.
    bool only(const json::Value& object, const std::string& pointer, const json::Value& schema);

    void append(const Findings& other) {
        errors_.insert(errors_.end(), other.errors_.begin(), other.errors_.end());
    }
    // The same, but for those at pointers for which `skip` holds.
    template <typename Skip>
    void append_unless(const Findings& other, const Skip& skip) {
        for (const http::FieldError& each : other.errors_) {
            if (!skip(each.pointer)) errors_.push_back(each);
        }
    }

    bool empty() const { return errors_.empty(); }
    std::size_t size() const { return errors_.size(); }
    // `unknown-field` or `invalid-id` when nothing else is wrong, else `invalid-description`.
    http::Problem problem() const;

  private:
    std::vector<http::FieldError> errors_;
};

// The labels of a host or token: at most 64, names as those of hosts, values text of at most 256
// bytes; with `removing` also null.
void check_labels(const json::Value& labels, const std::string& pointer, bool removing,
                  Findings& findings);

}  // namespace evenkeel::api
