#include "orchestrator/compile/value_template.hpp"

#include <algorithm>

namespace evenkeel::compile {
namespace {

std::string pointer_to(const std::string& parent, std::size_t index) {
    return parent + "/" + std::to_string(index);
}

}  // namespace

ValueTemplate ValueTemplate::parse(const json::Value& value, const Reading& reading,
                                   std::vector<PlacedFault>& faults) {
    return parse_at(value, "", reading, faults);
}

ValueTemplate ValueTemplate::parse_at(const json::Value& value, const std::string& pointer,
                                      const Reading& reading, std::vector<PlacedFault>& faults) {
    ValueTemplate made;
    if (!reading.marks) {
        made.data_ = value;
    } else if (value.is_string()) {
        auto parsed =
            templates::Template::parse(value.as_string(), *reading.read_condition, *reading.marks);
        if (!parsed) {
            faults.push_back({pointer, std::move(parsed.error())});
        } else if (parsed->is_plain()) {
            made.data_ = value;
        } else {
            made.data_ = *std::move(parsed);
        }
    } else if (value.is_array()) {
        Items items;
        for (const json::Value& item : value.as_array()) {
            items.push_back(parse_at(item, pointer_to(pointer, items.size()), reading, faults));
        }
        made.data_ = std::move(items);
    } else if (value.is_object()) {
        Members members;
        for (const auto& [name, member] : value.as_object()) {
            members.emplace_back(name,
                                 parse_at(member, json::pointer(pointer, name), reading, faults));
        }
        made.data_ = std::move(members);
    } else {
        made.data_ = value;
    }
    return made;
}

auto ValueTemplate::render(templates::NameSource& names) const
    -> tl::expected<Rendered, PlacedFault> {
    Rendered rendered;
    rendered.value = EK_TRY(render_at("", names, rendered.secrets));
    return rendered;
}

tl::expected<json::Value, PlacedFault> ValueTemplate::render_at(
    const std::string& pointer, templates::NameSource& names,
    std::vector<SecretUse>& secrets) const {
    if (const auto* constant = std::get_if<json::Value>(&data_)) return *constant;
    if (const auto* text = std::get_if<templates::Template>(&data_)) {
        auto rendered = text->render(names);
        if (!rendered) return fail(PlacedFault{pointer, std::move(rendered.error())});
        if (rendered->secret) secrets.push_back({pointer, rendered->secret->path});
        return std::move(rendered->value);
    }
    if (const auto* items = std::get_if<Items>(&data_)) {
        json::Array array;
        for (const ValueTemplate& item : *items) {
            array.push_back(
                EK_TRY(item.render_at(pointer_to(pointer, array.size()), names, secrets)));
        }
        return array;
    }
    json::Object object;
    for (const auto& [name, member] : std::get<Members>(data_)) {
        if (const auto* constant = std::get_if<json::Value>(&member.data_)) {
            object.append(name, *constant);
            continue;
        }
        object.append(name, EK_TRY(member.render_at(json::pointer(pointer, name), names, secrets)));
    }
    return object;
}

void ValueTemplate::collect_names(std::vector<std::string>& names) const {
    if (const auto* text = std::get_if<templates::Template>(&data_)) {
        for (const templates::NameUse& use : text->names_used()) names.push_back(use.path);
    } else if (const auto* items = std::get_if<Items>(&data_)) {
        for (const ValueTemplate& item : *items) item.collect_names(names);
    } else if (const auto* members = std::get_if<Members>(&data_)) {
        for (const auto& [name, member] : *members) member.collect_names(names);
    }
}

}  // namespace evenkeel::compile
