#include "orchestrator/api/sort_order.hpp"

#include <utility>

#include "core/base/text.hpp"

namespace evenkeel::api {
namespace {

int rank(const json::Value& value) {
    if (value.is_null()) return 0;
    if (value.is_bool()) return 1;
    if (value.is_number()) return 2;
    return value.is_string() ? 3 : 4;
}

int sign(bool less, bool more) {
    return less ? -1 : (more ? 1 : 0);
}

int compare(const json::Value& a, const json::Value& b) {
    if (rank(a) != rank(b)) return sign(rank(a) < rank(b), true);
    if (a.is_bool()) return sign(a.as_bool() < b.as_bool(), a.as_bool() > b.as_bool());
    if (a.is_integer() && b.is_integer()) {
        return sign(a.as_integer() < b.as_integer(), a.as_integer() > b.as_integer());
    }
    if (a.is_number()) return sign(a.as_number() < b.as_number(), a.as_number() > b.as_number());
    return a.is_string() ? a.as_string().compare(b.as_string()) : 0;
}

// Cut between characters, so that it stays text.
void shorten(json::Value& value) {
    if (value.is_array() || value.is_object()) value = json::Object{};
    if (!value.is_string() || value.as_string().size() <= kSortTextBytes) return;
    std::string text = value.as_string().substr(0, kSortTextBytes);
    while (!is_utf8(text)) text.pop_back();
    value = std::move(text);
}

}  // namespace

ApiResult<SortOrder> SortOrder::read(std::string_view text, const Fields& fields) {
    SortOrder order;
    std::size_t position = 0;
    const auto bad = [&](const std::string& expected) {
        http::Problem problem{.code = http::Code::invalid_parameter,
                              .detail = "order_by at position " + std::to_string(position) +
                                        ": expected " + expected};
        problem.more.set("position", position);
        problem.more.set("expected", expected);
        return refuse(std::move(problem));
    };
    for (const std::string& item : split(text, ',')) {
        const bool down = item.starts_with('-');
        Part part{.field = item.substr(down ? 1 : 0), .down = down};
        if (order.parts_.size() == kSortFieldsMost) return bad("the end: at most 4 fields");
        if (part.field.size() > filter::kFieldBytesMost ||
            !filter::find_field(fields, part.field)) {
            return bad("one of the fields " + filter::names_of(fields) +
                       ", with - before it or without");
        }
        order.parts_.push_back(std::move(part));
        position += item.size() + 1;
    }
    return order;
}

state::FieldNames SortOrder::fields() const {
    state::FieldNames names;
    for (const Part& part : parts_) names.push_back(part.field);
    return names;
}

void SortOrder::shorten(std::span<json::Value> values) {
    for (json::Value& value : values) api::shorten(value);
}

bool SortOrder::before(const SortPlaceView& a, const SortPlaceView& b, bool reverse) const {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        const int order = compare(a.values[i], b.values[i]);
        if (order != 0) return parts_[i].down ? order > 0 : order < 0;
    }
    return reverse ? a.key > b.key : a.key < b.key;
}

json::Value SortOrder::write(const SortPlace& place) {
    return json::Array(place.values.begin(), place.values.end());
}

std::optional<std::vector<json::Value>> SortOrder::values_from(const json::Value& value) const {
    if (!value.is_array() || value.as_array().size() != parts_.size()) return std::nullopt;
    return value.as_array();
}

}  // namespace evenkeel::api
