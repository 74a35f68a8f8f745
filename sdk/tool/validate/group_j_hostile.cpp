#include <filesystem>
#include <functional>

#include "core/base/time.hpp"
#include "sdk/tool/validate/check.hpp"
#include "sdk/tool/validate/generator.hpp"
#include "sdk/tool/validate/tools.hpp"

namespace evenkeel::validate {
namespace group_j {

// Whatever it is given: it returns a code that is known, and says why it fails.
void demand_words(const Told& told) {
    demand(plugin::is_status(told->status),
           "it answers an unknown code, " + std::to_string(told->status));
    const bool silent = !told->ok() && told->status != EK_E_CANCELLED && told->error() == nullptr;
    demand(!silent, "it fails and does not say why", told->transcript());
}
void demand_refused(const Told& told, const std::string& what) {
    demand_words(told);
    demand(!told->ok(), "it takes " + what, told->transcript());
}

class Hostile {
  public:
    explicit Hostile(Bench& bench) : bench_(bench), instance_(bench.open()) {
        id = bench.samples().id(0);
    }
    ~Hostile() {
        if (bench_.can(EK_CAP_REMOVE)) instance_->remove(id);
    }
    Hostile(const Hostile&) = delete;
    Hostile& operator=(const Hostile&) = delete;

    bool applies() { return bench_.can(EK_CAP_APPLY); }
    Told apply(std::string_view text) { return instance_->apply_raw(id, text); }
    // Gives the text where a description, ids or a filter is wanted; all have to be refused.
    void refuse(std::string_view text, const std::string& what) {
        demand_refused(instance_->read_raw(text), what + " for the ids of read");
        if (applies()) demand_refused(apply(text), what + " for a description");
        if (bench_.can(EK_CAP_LIST) && !text.empty())
            demand_refused(instance_->list(std::string(text)), what + " for a filter");
    }
    Instance& instance() { return *instance_; }

    std::string id;

  private:
    Bench& bench_;
    std::unique_ptr<Instance> instance_;
};

void empty(Bench& bench) {
    Hostile(bench).refuse("", "nothing");
}
void truncated(Bench& bench) {
    Hostile hostile(bench);
    hostile.refuse("[\"a\"", "JSON that is cut off");
    hostile.refuse("{\"ids\":", "JSON that is cut off");
}
void wrong_top(Bench& bench) {
    Hostile hostile(bench);
    if (hostile.applies()) demand_refused(hostile.apply("[]"), "an array for a description");
    if (hostile.applies()) demand_refused(hostile.apply("7"), "a number for a description");
    demand_refused(hostile.instance().read_raw("{}"), "an object for the ids of read");
    demand_refused(hostile.instance().read_raw("[7]"), "a number for an id");
}

// The first description with one property of another type.
void wrong_types(Bench& bench) {
    bench.need(EK_CAP_APPLY, "apply");
    Hostile hostile(bench);
    for (const schema::Field& field : bench.samples().fields()) {
        const json::Value* value = bench.samples().first().find(field.name);
        if (value == nullptr || field.property.read_only) continue;
        json::Object description = bench.samples().first().as_object();
        description.set(field.name, value->is_object() ? json::Value("text")
                                                       : json::Value(json::Object{{"made", "up"}}));
        const Told told = hostile.instance().apply(hostile.id, description);
        demand_words(told);
        const auto wrong = bench.samples().schema().validate(
            hostile.instance().state(hostile.id).is_null() ? json::Value(json::Object())
                                                           : hostile.instance().state(hostile.id),
            schema::Mode::state);
        demand(!told->ok() || wrong.empty() || hostile.instance().state(hostile.id).is_null(),
               "it takes " + field.path +
                   " of another type, and what is read then is not what the "
                   "schema says",
               told->transcript());
    }
}
void invalid_utf8(Bench& bench) {
    Hostile hostile(bench);
    hostile.refuse("[\"\xff\xfe\"]", "broken UTF-8");
    const std::string field = bench.samples().text_field();
    if (!field.empty() && hostile.applies())
        demand_refused(hostile.apply("{\"" + field + "\":\"\xc0\xaf\"}"), "broken UTF-8");
}
void zero_bytes(Bench& bench) {
    Hostile hostile(bench);
    using namespace std::string_view_literals;
    hostile.refuse("[\"a\"]\0"sv, "a zero byte behind JSON");
    hostile.refuse("\0[]"sv, "a zero byte before JSON");
    if (!hostile.applies()) return;
    demand_refused(hostile.apply("{}\0"sv), "a zero byte behind a description");
    demand_words(hostile.instance().apply_raw("a\0b"sv, "{}"));
}
void huge_text(Bench& bench) {
    Hostile hostile(bench);
    const std::string big(1 << 20, 'a');
    demand_words(hostile.instance().read_raw(ids_json({big})));
    const std::string field = bench.samples().text_field();
    if (!hostile.applies() || field.empty()) return;
    json::Object description = bench.samples().first().as_object();
    description.set(field, big);
    demand_words(hostile.instance().apply(hostile.id, description));
}
void deep(Bench& bench) {
    Hostile hostile(bench);
    for (const std::size_t depth : {std::size_t{1000}, std::size_t{400'000}})
        hostile.refuse(std::string(depth, '['), std::to_string(depth) + " levels");
}

void strange_ids(Bench& bench) {
    Hostile hostile(bench);
    const std::string mark = "escape-4711";
    for (const std::string& id : {"../" + mark, "x/../../" + mark, "/../" + mark, "./" + mark,
                                  mark + "\n", ".." + mark + "/..", std::string("..")}) {
        // The host asks for no id that x-ek-key refuses.
        const bool reaches = bench.samples().schema().accepts_key(id);
        demand(!reaches || id.find("/") == id.npos || bench.can(EK_CAP_NORMALIZE),
               "x-ek-key allows the id \"" + id + "\"");
        demand(!reaches || id != "..", "x-ek-key allows the id \"..\"");
        demand(!reaches || id.find('\n') == id.npos, "x-ek-key allows a line end in an id");
        demand_words(hostile.instance().read(id));
    }
    std::error_code error;
    for (const std::string& folder : {bench.scratch(), bench.scratch() + "/.."})
        demand(!std::filesystem::exists(folder + "/" + mark, error), "reading makes " + mark);
}

void shell_characters(Bench& bench) {
    bench.need(EK_CAP_APPLY, "apply");
    Hostile hostile(bench);
    const std::string mark = bench.scratch() + "/pwned";
    const std::string text = "$(touch " + mark + ")`touch " + mark + "`;touch " + mark + "|&\"'\\";
    for (const schema::Field& field : bench.samples().fields()) {
        const json::Value* value = bench.samples().first().find(field.name);
        if (value == nullptr || !value->is_string() || field.property.read_only) continue;
        json::Object description = bench.samples().first().as_object();
        description.set(field.name, text);
        const Told told = hostile.instance().apply(hostile.id, description);
        demand_words(told);
        const json::Value state = hostile.instance().state(hostile.id);
        std::error_code error;
        demand(!std::filesystem::exists(mark, error), "a shell has seen " + field.path);
        const json::Value* after = state.find(field.name);
        if (told->ok() && after != nullptr && !field.property.write_only)
            demand(same(field, *after, text), field.path + " is not what was described",
                   json::write(*after));
    }
}

void names_twice(Bench& bench) {
    bench.need(EK_CAP_APPLY, "apply");
    Hostile hostile(bench);
    const std::string field = bench.samples().text_field();
    const std::string name = field.empty() ? "x" : field;
    const Told told = hostile.apply("{\"" + name + "\":\"a\",\"" + name + "\":\"b\"}");
    demand_words(told);
    demand(told->states.size() <= 1, "a name that is there twice makes two states",
           told->transcript());
    demand_words(hostile.instance().read_raw("[\"" + hostile.id + "\",\"" + hostile.id + "\"]"));
}

void failures_have_words(Bench& bench) {
    Hostile hostile(bench);
    const std::string absent = bench.samples().absent_id();
    std::vector<Told> all = {hostile.instance().read_raw("[]"), hostile.instance().read(absent),
                             hostile.instance().read(std::string("\x01"))};
    if (hostile.applies()) all.push_back(hostile.apply("null"));
    if (bench.can(EK_CAP_LIST)) all.push_back(hostile.instance().list("{\"ids\":7}"));
    if (bench.can(EK_CAP_REMOVE)) all.push_back(hostile.instance().remove(""));
    if (bench.can(EK_CAP_BATCH)) all.push_back(hostile.instance().apply_many("{}"));
    if (bench.can(EK_CAP_UPGRADE))
        all.push_back(hostile.instance().upgrade(99'999, json::Object()));
    if (bench.can(EK_CAP_INVOKE))
        all.push_back(hostile.instance().invoke(absent, "no-such-action", "{}"));
    for (const Told& told : all) {
        demand_words(told);
        if (const Diag* error = told->error(); error != nullptr && !told->ok())
            demand(error->path.empty() || error->path[0] == '/',
                   "the path of a diagnostic is no pointer", told->transcript());
    }
}

void codes_are_known(Bench& bench) {
    Hostile hostile(bench);
    const auto known = [](const Told& told) {
        demand(plugin::is_status(told->status),
               "it answers an unknown code, " + std::to_string(told->status), told->transcript());
        for (const Diag& diag : told->diags)
            demand(plugin::is_status(diag.status) && diag.severity >= EK_SEV_DEBUG &&
                       diag.severity <= EK_SEV_ERROR,
                   "a diagnostic has an unknown status or severity", told->transcript());
        for (const Change& change : told->changes)
            demand(change.action >= EK_ACT_SET && change.action <= EK_ACT_REPLACE &&
                       change.outcome >= EK_OUT_PLANNED && change.outcome <= EK_OUT_SKIPPED,
                   "a change has an unknown action or outcome", told->transcript());
    };
    for (const char* text : {"", "{", "[]", "[7]", "{\"x\":1}", "null"}) {
        known(hostile.instance().read_raw(text));
        if (hostile.applies()) known(hostile.apply(text));
        if (bench.can(EK_CAP_LIST) && *text != '\0') known(hostile.instance().list(text));
    }
    if (hostile.applies()) known(hostile.instance().apply(hostile.id, bench.samples().first()));
}

void many_calls(Bench& bench) {
    constexpr int kCalls = 10'000;
    const auto instance = bench.open();
    Generator generator(bench.samples(), bench.options().seed);
    const std::uint64_t end = now_monotonic_ns() + 10'000'000'000;
    for (int i = 0; i < kCalls && now_monotonic_ns() < end; ++i) {
        const std::string id = generator.id();
        const json::Value description = generator.description();
        const bool plans = bench.can(EK_CAP_APPLY | EK_CAP_PLAN);
        const Told told = plans ? instance->plan(id, description) : instance->read(id);
        const std::string call = "call " + std::to_string(i) + " of seed " +
                                 std::to_string(bench.options().seed) + ", " + json::write(id) +
                                 " " + json::write(description);
        const bool known = plugin::is_status(told->status);
        const bool silent = !told->ok() && told->error() == nullptr;
        demand(known && !silent && told->malformed.empty(),
               "it fails without words, or with an unknown code, or sends what is malformed",
               call + "\n" + told->transcript());
    }
}

}  // namespace group_j

std::vector<Check> hostile_checks() {
    using namespace group_j;
    constexpr auto kEach = Scope::collection;
    return {
        {"J01", "nothing at all is refused", kEach, empty},
        {"J02", "JSON that is cut off is refused", kEach, truncated},
        {"J03", "JSON of another kind is refused", kEach, wrong_top},
        {"J04", "properties of another type do no harm", kEach, wrong_types},
        {"J05", "broken UTF-8 is refused", kEach, invalid_utf8},
        {"J06", "zero bytes are refused", kEach, zero_bytes},
        {"J07", "a text of 1 MiB does no harm", kEach, huge_text},
        {"J08", "400,000 levels are refused", kEach, deep},
        {"J09", "ids that lead elsewhere are refused", kEach, strange_ids},
        {"J10", "no shell sees a value", kEach, shell_characters},
        {"J11", "a name that is there twice does no harm", kEach, names_twice},
        {"J12", "each failure says why", kEach, failures_have_words},
        {"J13", "codes, actions and severities are known", kEach, codes_are_known},
        {"J14", "10,000 calls from a seed do no harm", kEach, many_calls},
    };
}

}  // namespace evenkeel::validate
