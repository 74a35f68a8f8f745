#include "sdk/client/cli/documents.hpp"

#include "sdk/client/cli/input.hpp"

namespace evenkeel::cli {
namespace {

bool is_yaml_name(const std::string& path) {
    return path.ends_with(".yaml") || path.ends_with(".yml");
}

}  // namespace

bool is_document_name(const std::string& name) {
    return !name.starts_with('.') && (is_yaml_name(name) || name.ends_with(".json"));
}

Result<std::vector<Document>> parse_documents(const std::string& path, const std::string& text) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    const bool looks_json = begin != text.npos && (text[begin] == '{' || text[begin] == '[');
    if (is_yaml_name(path) || (!looks_json && !path.ends_with(".json"))) {
        return parse_yaml_with_lines(text);
    }
    auto value = json::parse(text, {.bytes = kInputBytesMost});
    if (value) return std::vector<Document>{{*std::move(value), {}}};
    if (path.ends_with(".json")) return fail(value.error());
    // Tried as YAML after that, 1.5 would silently become text.
    value.error().what +=
        "; it is read as JSON because it begins with { or [: put a line --- "
        "before YAML that begins so";
    return fail(value.error());
}

}  // namespace evenkeel::cli
