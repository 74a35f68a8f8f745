#include "orchestrator/compile/templates/scope.hpp"

#include <algorithm>
#include <iterator>
#include <string>

#include "core/base/text.hpp"

namespace evenkeel::templates {
namespace {

constexpr std::size_t kMembersPerStep = 16;
constexpr std::size_t kBytesPerStep = 64;

// Hosts have different labels and report different facts, so that what is missing there is no
// typing error.
bool has_optional_members(std::string_view name) {
    return name == "labels" || name == "facts";
}

// The part that begins at `begin`.
std::string_view part_of(const Path& path, std::size_t begin) {
    const std::string_view rest = std::string_view(path.text).substr(begin);
    return rest.substr(0, rest.find('.'));
}

const json::Value* item_of(const json::Array& list, std::string_view part) {
    const auto index = parse_number(part);
    const bool padded = part.size() > 1 && part[0] == '0';
    return index && !padded && *index < list.size() ? &list[*index] : nullptr;
}

std::vector<std::string> names_of(const json::Value& value) {
    std::vector<std::string> names;
    if (!value.is_object()) return names;
    for (const auto& [name, member] : value.as_object()) names.push_back(name);
    return names;
}

// What asking a condition for this value may cost it: a pattern is matched, a list is searched.
std::size_t weight_of(const json::Value& value) {
    if (value.is_string()) return value.as_string().size() / kBytesPerStep;
    if (value.is_array()) return value.as_array().size() / kMembersPerStep;
    return value.is_object() ? value.as_object().size() / kMembersPerStep : 0;
}

}  // namespace

tl::unexpected<Fault> Scope::too_many_steps(std::size_t byte) {
    return fault_at(byte, "expected a rendering of at most 1,000,000 steps", Errc::limit);
}

void Scope::begin_list(const Target& list) {
    frames_.push_back({.optional = list.optional, .size = list.value->as_array().size()});
}

void Scope::next_item(const json::Value& item) {
    Frame& frame = frames_.back();
    frame.item = &item;
    frame.index = static_cast<std::int64_t>(frame.count);
    frame.first = frame.count == 0;
    frame.last = ++frame.count == frame.size;
}

void Scope::begin_object(const Target& object) {
    frames_.push_back({.item = object.value, .optional = object.optional});
}

void Scope::begin_scalar(const Target& scalar) {
    frames_.push_back({.item = scalar.value, .scalar = true, .optional = scalar.optional});
}

const Scope::Frame* Scope::innermost(bool (*wanted)(const Frame&)) const {
    const auto found = std::find_if(frames_.rbegin(), frames_.rend(), wanted);
    return found == frames_.rend() ? nullptr : &*found;
}

TemplateResult<Scope::Target> Scope::find(const Path& path, bool required) {
    EK_CHECK(spend(1, path.byte));
    if (path.base == Path::Base::root) return find_top(path, required);
    if (path.base != Path::Base::scope) return find_special(path);
    const Frame* const around = innermost([](const Frame& frame) { return !frame.scalar; });
    if (!around) return find_top(path, required);
    return walk({around->item, around->optional}, path, 0, required);
}

TemplateResult<Scope::Target> Scope::find_special(const Path& path) const {
    const bool item = path.base == Path::Base::item;
    const Frame* const frame = item ? innermost([](const Frame&) { return true; })
                                    : innermost([](const Frame& one) { return one.size > 0; });
    if (!frame) {
        return fault_at(path.byte,
                        "expected a section over a list around '" + to_string(path) + "'");
    }
    switch (path.base) {
        case Path::Base::index:
            return Target{&frame->index};
        case Path::Base::first:
            return Target{&frame->first};
        case Path::Base::last:
            return Target{&frame->last};
        default:
            return Target{frame->item, frame->optional};
    }
}

TemplateResult<Scope::Target> Scope::find_top(const Path& path, bool required) {
    const std::string_view name = part_of(path, 0);
    auto found = names_.find(name);
    if (!found) return fault_at(path.byte, std::move(found.error().what), found.error().code);
    if (!found->value) {
        return fail(unknown_name(path.byte, "unknown name " + quoted(name), name, names_.known()));
    }
    if (found->secret && !secret_) secret_ = NameUse{path.text, path.byte};
    return walk({found->value, has_optional_members(name)}, path, name.size() + 1, required);
}

TemplateResult<Scope::Target> Scope::walk(Target at, const Path& path, std::size_t begin,
                                          bool required) {
    while (begin < path.text.size()) {
        const json::Value* next = at.value;
        const std::size_t end = EK_TRY(step(next, path, begin));
        if (!next && at.optional && !required) return Target{nullptr, true};
        if (!next) return fail(missing(*at.value, path, begin));
        const std::string_view name = std::string_view(path.text).substr(begin, end - begin);
        at = {next, at.optional || has_optional_members(name)};
        begin = end + 1;
    }
    return at;
}

// Names of labels and facts may hold dots, so that the longest member counts that the path names.
TemplateResult<std::size_t> Scope::step(const json::Value*& value, const Path& path,
                                        std::size_t begin) {
    const std::size_t part_end = begin + part_of(path, begin).size();
    const json::Value& in = *value;
    value = nullptr;
    if (in.is_array()) value = item_of(in.as_array(), part_of(path, begin));
    if (!in.is_object()) return part_end;
    const json::Object& members = in.as_object();
    for (std::size_t end = path.text.size();; end = path.text.rfind('.', end - 1)) {
        EK_CHECK(spend(members.size() / kMembersPerStep, path.byte + begin));
        value = members.find(std::string_view(path.text).substr(begin, end - begin));
        if (value || end == part_end) return end;
    }
}

Fault Scope::missing(const json::Value& in, const Path& path, std::size_t begin) {
    const std::size_t byte = path.byte + begin;
    const std::string_view part = part_of(path, begin);
    const std::string owner =
        begin == 0 ? "the item" : quoted(std::string_view(path.text).substr(0, begin - 1));
    if (in.is_array()) {
        const std::size_t size = in.as_array().size();
        return {Errc::not_found,
                {.byte = byte},
                owner + " has " + std::to_string(size) + (size == 1 ? " item" : " items") +
                    ": expected the number of one, from 0 on, not " + quoted(part)};
    }
    const std::string problem = owner + " has no member " + quoted(part);
    if (!in.is_object()) {
        return {Errc::not_found,
                {.byte = byte},
                problem + ": expected an object, and it is of type " + std::string(in.type_name())};
    }
    Fault fault = unknown_name(byte, problem, part, names_of(in));
    const std::vector<std::string> top = begin == 0 ? names_.known() : std::vector<std::string>();
    if (std::find(top.begin(), top.end(), part) != top.end()) {
        fault.what += "; 'root." + std::string(part) + "' is the name outside of the section";
        fault.known.insert(fault.known.begin(), "root." + std::string(part));
    }
    return fault;
}

TemplateResult<bool> Scope::holds(const Test& test) {
    std::optional<Fault> fault;
    const auto look_up = [&](std::string_view text) -> TemplateResult<const json::Value*> {
        const auto& fields = test.condition.fields;
        const auto field = std::find_if(fields.begin(), fields.end(),
                                        [&](const auto& one) { return one.path == text; });
        if (field == fields.end()) {
            return fault_at(test.byte, "a condition asks for " + quoted(text) + " unannounced",
                            Errc::internal);
        }
        const Path& path = test.paths[static_cast<std::size_t>(field - fields.begin())];
        const Target found = EK_TRY(find(path, false));
        if (found.value) EK_CHECK(spend(weight_of(*found.value), path.byte));
        return found.value;
    };
    const auto find_field = [&](std::string_view text) -> Result<const json::Value*> {
        auto found = look_up(text);
        if (found) return *found;
        fault = std::move(found.error());
        return fail(fault->code, fault->what);
    };
    auto holds = test.condition.holds(find_field);
    if (fault) return fail(std::move(*fault));
    if (!holds) return fault_at(test.byte, std::move(holds.error().what), holds.error().code);
    return *holds;
}

}  // namespace evenkeel::templates
