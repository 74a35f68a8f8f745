#include "plugins/programs/record.hpp"

#include "plugins/programs/mark.hpp"

namespace evenkeel::programs {

namespace {

// A variable has no zero byte in it.
std::string joined(const std::vector<std::string>& variables) {
    std::string all;
    for (const std::string& variable : variables) (all += variable) += '\0';
    return all;
}

sdk::Object fields_of(const Record& record) {
    sdk::Object object;
    write(record.program, object);
    object.number("runs", record.runs);
    if (!record.ran_at.empty())
        object.text("ran_at", record.ran_at).number("exit_code", record.exit_code);
    return object;
}

std::int64_t number_of(const sdk::json::Value& object, std::string_view name) {
    const auto* value = sdk::json::find(object, name);
    return value && value->IsInt64() ? value->GetInt64() : 0;
}

}  // namespace

bool Record::has_environment(const std::vector<std::string>& variables) const {
    if (environment_mark.empty() || variables.empty())
        return environment_mark.empty() && variables.empty();
    return is_mark_of(environment_mark, joined(variables));
}

void Record::set_environment(const std::vector<std::string>& variables) {
    environment_mark = variables.empty() ? "" : mark_of(joined(variables));
}

std::string Record::state(const std::optional<std::string>& due) const {
    sdk::Object object = fields_of(*this);
    if (due) object.text("due", *due);
    return object.json();
}

std::optional<Record> Records::get(std::string_view id) const {
    const auto text = kept(id);
    if (!text) return std::nullopt;
    const auto document = sdk::json::parse_object(*text);
    Record record;
    read_into(document, record.program);
    record.environment_mark = sdk::json::text_of(document, "environment_mark").value_or("");
    record.done = sdk::json::flag_of(document, "done", false);
    record.runs = number_of(document, "runs");
    record.ran_at = sdk::json::text_of(document, "ran_at").value_or("");
    record.exit_code = static_cast<int>(number_of(document, "exit_code"));
    return record;
}

void Records::put(std::string_view id, const Record& record) const {
    sdk::Object object = fields_of(record);
    object.boolean("done", record.done).text("environment_mark", record.environment_mark);
    if (storage_) return storage_.put(id, object.json());
    const std::lock_guard lock(mutex_);
    in_memory_.insert_or_assign(std::string(id), object.json());
}

void Records::erase(std::string_view id) const {
    if (storage_) return storage_.erase(id);
    const std::lock_guard lock(mutex_);
    in_memory_.erase(std::string(id));
}

std::optional<std::string> Records::kept(std::string_view id) const {
    if (storage_) return storage_.get(id);
    const std::lock_guard lock(mutex_);
    const auto at = in_memory_.find(id);
    return at == in_memory_.end() ? std::nullopt : std::optional(at->second);
}

}  // namespace evenkeel::programs
