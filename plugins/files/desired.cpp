#include "plugins/files/desired.hpp"

#include <climits>

#include <evenkeel/cpp/base64.hpp>
#include <evenkeel/json.hpp>

namespace evenkeel::files {

namespace {

namespace json = sdk::json;

[[noreturn]] void refuse(const char* pointer, const char* why) {
    throw sdk::Failure(EK_E_INVALID, why).at(pointer);
}

bool is_symlink(const json::Value& description) {
    const auto type = json::text_of(description, "type").value_or("file");
    if (type != "file" && type != "symlink") refuse("/type", "a described type is file or symlink");
    return type == "symlink";
}

std::optional<std::string> content_from(const json::Value& description) {
    const auto text = json::text_of(description, "content");
    const auto base64 = json::text_of(description, "content_base64");
    if (text && base64) refuse("/content_base64", "content is there already: give one of the two");
    if (text) return std::string(*text);
    if (!base64) return std::nullopt;
    auto bytes = sdk::decode_base64(*base64);
    if (!bytes) refuse("/content_base64", "the content is not canonical Base64");
    return bytes;
}

std::optional<std::string> target_from(const json::Value& description) {
    const auto target = json::text_of(description, "target");
    if (!target) return std::nullopt;
    if (target->empty() || target->size() >= PATH_MAX || target->find('\0') != target->npos)
        refuse("/target", "a target has 1 to 4,095 bytes and no zero byte");
    return std::string(*target);
}

}  // namespace

Desired parse_desired(std::string_view description, posix::Accounts& accounts) {
    const json::Document document = json::parse_object(description);
    Desired desired;
    desired.symlink = is_symlink(document);
    desired.content = content_from(document);
    desired.target = target_from(document);
    desired.ownership = posix::ownership_from(document, accounts);
    desired.sensitive = json::flag_of(document, "sensitive", false);
    desired.check = check_from(document);
    desired.says_type = json::text_of(document, "type") || desired.content || desired.target;
    if (desired.symlink && desired.content) refuse("/content", "a symlink has no content");
    if (desired.symlink && desired.ownership.mode) refuse("/mode", "a symlink has no mode");
    if (desired.symlink && !desired.check.argv.empty()) refuse("/check", "a symlink has no check");
    if (!desired.symlink && desired.target) refuse("/target", "only a symlink has a target");
    return desired;
}

}  // namespace evenkeel::files
