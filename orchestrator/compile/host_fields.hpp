#pragma once

#include <string_view>

#include "core/json/json.hpp"

namespace evenkeel::filter {
class Filter;
}

namespace evenkeel::compile {

struct Host;

// What filters over hosts see: the fields of host_filter_fields(). It copies neither labels nor
// facts, so it lives no longer than the host. One thread at a time.
class HostFields {
  public:
    explicit HostFields(const Host& host);

    // JSON null where the host has nothing. Valid until the next is asked for.
    const json::Value& operator()(std::string_view field) const;

  private:
    const Host& host_;
    json::Value id_;
    json::Value name_;
    json::Value environment_;
    mutable json::Value made_;  // of lists in facts
};

bool matches(const filter::Filter& filter, const Host& host);

}  // namespace evenkeel::compile
