#include "orchestrator/filter/fields.hpp"

#include <utility>

namespace evenkeel::filter {

const Field* find_field(const Fields& fields, std::string_view name) {
    for (const Field& field : fields) {
        if (field.name == "*") return &field;
        const bool all_below = field.name.ends_with('.');
        if (all_below ? name.starts_with(field.name) && name.size() > field.name.size()
                      : name == field.name) {
            return &field;
        }
    }
    return nullptr;
}

namespace {

json::Array of_each(const json::Array& list, std::string_view name) {
    json::Array all;
    for (const json::Value& element : list) {
        json::Value made;
        const json::Value& found = field_of(element, name, made);
        if (!found.is_null()) all.push_back(found);
    }
    return all;
}

}  // namespace

const json::Value& field_of(const json::Value& item, std::string_view name, json::Value& made) {
    static const json::Value kNothing;
    if (const json::Value* whole = item.find(name)) return *whole;
    for (std::size_t dot = name.find('.'); dot != std::string_view::npos;
         dot = name.find('.', dot + 1)) {
        const json::Value* part = item.find(name.substr(0, dot));
        if (!part) continue;
        const std::string_view rest = name.substr(dot + 1);
        if (part->is_array()) {
            json::Array all = of_each(part->as_array(), rest);
            if (all.empty()) continue;
            made = std::move(all);
            return made;
        }
        const json::Value& found = field_of(*part, rest, made);
        if (!found.is_null()) return found;
    }
    return kNothing;
}

std::string names_of(const Fields& fields) {
    std::string text;
    for (const Field& field : fields) {
        text.append(text.empty() ? "" : ", ").append(field.name);
        if (field.name.ends_with('.')) text += "KEY";
    }
    return text;
}

}  // namespace evenkeel::filter
