#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "orchestrator/filter/filter.hpp"

// Whatever comes, it is refused at a place inside the text or judges any item.
namespace {

namespace filter = evenkeel::filter;
namespace json = evenkeel::json;

const filter::Fields kFields = {{.name = "name"},
                                {.name = "environment", .is_tree = true},
                                {.name = "host", .is_host = true},
                                {.name = "state", .values = {"up", "down"}},
                                {.name = "labels."}};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto read = filter::Filter::read(text, kFields);
    if (!read) {
        if (read.error().position > size || read.error().expected.empty()) std::abort();
        return 0;
    }
    const json::Value items[] = {
        json::Object{},
        json::Object{{"name", "web12"}, {"state", "up"}, {"labels", json::Object{{"a", 1.5}}}},
        json::Object{{"name", json::Array{1, "a", nullptr}}, {"environment", "prod/eu"}}};
    for (const json::Value& item : items) {
        const bool judged = read->matches(item);
        const auto same = read->with_host_ids([](const std::string& name) { return name; });
        if (same.matches(item) != judged) std::abort();
    }
    return 0;
}
