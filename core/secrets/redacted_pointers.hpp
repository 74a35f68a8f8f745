#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::json {
class Value;
}

// Where {"redacted": fingerprint} stands in a description that was sent. What the schema says of
// those places is known once the stored value is filled in; the rest is checked all the same. [any]
namespace evenkeel::secrets {

class RedactedPointers {
  public:
    explicit RedactedPointers(const json::Value& description);

    // Whether `pointer` leads to one of them or into it.
    bool cover(std::string_view pointer) const;

  private:
    void find(const json::Value& value, const std::string& at);

    std::vector<std::string> pointers_;
};

}  // namespace evenkeel::secrets
