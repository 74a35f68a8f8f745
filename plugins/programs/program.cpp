#include "plugins/programs/program.hpp"

#include <algorithm>

#include "plugins/posix/format.hpp"

namespace evenkeel::programs {

namespace {

using sdk::json::Value;

std::vector<std::string> words_of(const Value& value, const std::string& pointer) {
    try {
        auto words = sdk::json::texts_of(value);
        const bool is_empty = words.empty();
        if (is_empty || words.front().rfind('/', 0) == 0) return words;
    } catch (const sdk::Failure& failure) {
        throw sdk::Failure(EK_E_INVALID, failure.what()).at(pointer);
    }
    throw sdk::Failure(EK_E_INVALID, "a program is named by its absolute path").at(pointer + "/0");
}

void read_words(const Value& object, const char* name, std::vector<std::string>& into) {
    if (const Value* value = sdk::json::find(object, name))
        into = words_of(*value, std::string("/") + name);
}

void read_text(const Value& object, const char* name, std::string& into) {
    if (const auto text = sdk::json::text_of(object, name)) into = *text;
}

int integer_of(const Value& value, const char* pointer) {
    if (!value.IsInt()) throw sdk::Failure(EK_E_INVALID, "a whole number is wanted").at(pointer);
    return value.GetInt();
}

std::string numbers_json(std::vector<int> numbers) {
    std::sort(numbers.begin(), numbers.end());
    std::string json = "[";
    for (const int number : numbers) {
        if (json.size() > 1) json += ',';
        json += std::to_string(number);
    }
    return json + "]";
}

}  // namespace

void read_into(const Value& object, Program& program) {
    read_words(object, "command", program.command);
    read_words(object, "unless", program.unless);
    read_words(object, "only_if", program.only_if);
    read_text(object, "user", program.user);
    read_text(object, "folder", program.folder);
    read_text(object, "creates", program.creates);
    if (const Value* seconds = sdk::json::find(object, "timeout_s"))
        program.timeout_s = integer_of(*seconds, "/timeout_s");
    if (const Value* codes = sdk::json::find(object, "exit_codes"); codes && codes->IsArray()) {
        program.exit_codes.clear();
        for (const Value& code : codes->GetArray())
            program.exit_codes.push_back(integer_of(code, "/exit_codes"));
    }
    if (program.command.empty())
        throw sdk::Failure(EK_E_INVALID, "a command is needed").at("/command");
}

std::vector<std::string> environment_of(const Value& object) {
    std::vector<std::string> variables;
    const Value* environment = sdk::json::find(object, "environment");
    if (!environment) return variables;
    if (!environment->IsObject())
        throw sdk::Failure(EK_E_INVALID, "environment is not an object").at("/environment");
    for (const auto& variable : environment->GetObject()) {
        const std::string name(sdk::json::text(variable.name));
        if (!variable.value.IsString())
            throw sdk::Failure(EK_E_INVALID, name + " is not a string").at("/environment/" + name);
        variables.push_back(name + "=" + std::string(sdk::json::text(variable.value)));
    }
    std::sort(variables.begin(), variables.end());
    return variables;
}

void write(const Program& program, sdk::Object& object) {
    object.raw("command", posix::list_json(program.command))
        .text("user", program.user)
        .text("folder", program.folder)
        .number("timeout_s", program.timeout_s)
        .raw("exit_codes", numbers_json(program.exit_codes))
        .text("creates", program.creates)
        .raw("unless", posix::list_json(program.unless))
        .raw("only_if", posix::list_json(program.only_if));
}

void compare(const Program& now, const Program& wanted, sdk::Changes& changes) {
    changes.field("/command", posix::list_json(now.command), posix::list_json(wanted.command));
    changes.field("/user", sdk::quote(now.user), sdk::quote(wanted.user));
    changes.field("/folder", sdk::quote(now.folder), sdk::quote(wanted.folder));
    changes.field("/timeout_s", std::to_string(now.timeout_s), std::to_string(wanted.timeout_s));
    changes.field("/exit_codes", numbers_json(now.exit_codes), numbers_json(wanted.exit_codes));
    changes.field("/creates", sdk::quote(now.creates), sdk::quote(wanted.creates));
    changes.field("/unless", posix::list_json(now.unless), posix::list_json(wanted.unless));
    changes.field("/only_if", posix::list_json(now.only_if), posix::list_json(wanted.only_if));
}

}  // namespace evenkeel::programs
