#include "sdk/tool/validate/tools.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.hpp"
#include "core/base/time.hpp"
#include "core/plugin/compare.hpp"
#include "core/secrets/redactor.hpp"
#include "sdk/tool/validate/watcher.hpp"

namespace evenkeel::validate {

namespace fs = std::filesystem;

namespace {

bool is_the_validators(const std::string& name) {
    return name == ".data" || name.starts_with(".storage");
}

}  // namespace

std::map<std::string, std::string> tree(const std::string& folder) {
    std::map<std::string, std::string> lines;
    std::error_code error;
    for (auto it = fs::recursive_directory_iterator(folder, error);
         it != fs::recursive_directory_iterator(); it.increment(error)) {
        if (it.depth() == 0 && is_the_validators(it->path().filename())) {
            it.disable_recursion_pending();
            continue;
        }
        struct stat info {};
        if (::lstat(it->path().c_str(), &info) != 0) continue;
        lines[it->path()] = std::to_string(info.st_ino) + " " + std::to_string(info.st_mode) + " " +
                            std::to_string(info.st_uid) + ":" + std::to_string(info.st_gid) + " " +
                            std::to_string(info.st_size) + " " +
                            std::to_string(info.st_ctim.tv_sec) + "." +
                            std::to_string(info.st_ctim.tv_nsec);
    }
    return lines;
}

std::string difference_of(const std::map<std::string, std::string>& before,
                          const std::map<std::string, std::string>& after) {
    for (const auto& [path, line] : before) {
        const auto now = after.find(path);
        if (now == after.end()) return path + " is gone";
        if (now->second != line) return path + " has changed";
    }
    for (const auto& [path, line] : after)
        if (before.count(path) == 0) return path + " is new";
    return {};
}

ChildResult in_child(const std::function<std::string()>& work) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) broken("the validator has no descriptors left");
    Fd read_end(ends[0]), write_end(ends[1]);
    const pid_t child = ::fork();
    if (child == 0) {
        std::string text;
        try {
            text = work();
        } catch (const Broken& found) {
            text = "broken: " + found.what + " " + found.record;
        } catch (const Skipped& found) {
            text = "skipped: " + found.why;
        }
        [[maybe_unused]] const auto written = write_all(write_end.get(), "=" + text);
        ::_exit(0);
    }
    write_end.reset();
    std::string text;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::read(read_end.get(), buffer, sizeof(buffer))) > 0;)
        text.append(buffer, static_cast<std::size_t>(got));
    int status = 0;
    ::waitpid(child, &status, 0);
    if (!text.empty() && text[0] == '=') return {true, text.substr(1)};
    if (WIFSIGNALED(status)) return {false, std::string("SIG") + ::sigabbrev_np(WTERMSIG(status))};
    return {false, "exit " + std::to_string(WEXITSTATUS(status))};
}

json::Value lasting(const schema::Schema& schema, json::Value state) {
    if (!state.is_object()) return state;
    for (const std::string& name : schema.property_names())
        if (schema.property(name)->compare == schema::Comparison::changing)
            state.as_object().erase(name);
    return state;
}

bool same(const schema::Field& field, const json::Value& one, const json::Value& other) {
    if (one == other) return true;
    const auto sorted = [](const json::Value& value) {
        std::vector<std::string> items;
        for (const json::Value& item : value.as_array())
            items.push_back(json::write_canonical(item));
        std::sort(items.begin(), items.end());
        return items;
    };
    if (field.property.compare == schema::Comparison::set && one.is_array() && other.is_array())
        return sorted(one) == sorted(other);
    if (field.property.compare == schema::Comparison::caseless && one.is_string() &&
        other.is_string())
        return ::strcasecmp(one.as_string().c_str(), other.as_string().c_str()) == 0;
    return false;
}

std::vector<std::string> differing_paths(Bench& bench, Instance& instance,
                                         const json::Value& description, const json::Value& state) {
    if (bench.can(EK_CAP_COMPARE) && !state.is_null()) {
        const Told told = instance.compare(description, state);
        if (!told->ok()) broken("compare fails", told->transcript());
        return paths_of(*told);
    }
    const secrets::Redactor redactor([](const std::string& bytes) { return bytes; });
    std::vector<std::string> paths;
    for (const auto& drift :
         plugin::compare_by_words(bench.samples().fields(), description, state, redactor))
        paths.push_back(drift.path);
    return paths;
}

std::vector<std::string> paths_of(const Answers& told) {
    std::vector<std::string> paths;
    for (const Change& change : told.changes) paths.push_back(change.path);
    return paths;
}

namespace {

class Tour {
  public:
    explicit Tour(Bench& bench) : bench_(bench), samples_(bench.samples()) {}

    std::string take() {
        instance_ = bench_.open();
        if (bench_.can(EK_CAP_NORMALIZE)) note(instance_->normalize(samples_.id(0)));
        note(instance_->read(samples_.absent_id()));
        if (bench_.can(EK_CAP_LIST)) instance_->list();
        if (bench_.can(EK_CAP_APPLY | EK_CAP_REMOVE)) change();
        if (bench_.can(EK_CAP_UPGRADE) && samples_.settings().older.is_object())
            for (const auto& [version, old] : samples_.settings().older.as_object())
                note(instance_->upgrade(static_cast<std::uint32_t>(std::stoul(version)), old));
        instance_->close();
        return without_own_folder();
    }

  private:
    // The path of the check's own folder differs from check to check.
    std::string without_own_folder() {
        const std::string& own = bench_.scratch();
        for (auto at = text_.find(own); at != text_.npos; at = text_.find(own, at))
            text_.replace(at, own.size(), "{scratch}");
        return text_;
    }
    void note(const Told& told) {
        if (!told->malformed.empty()) broken(told->malformed, told->transcript());
        text_ += json::write(told->value()) + "\n";
    }
    void change() {
        const std::string id = samples_.id(0);
        instance_->clear(id);
        std::unique_ptr<Watcher> watcher;
        if (bench_.can(EK_CAP_WATCH)) watcher = std::make_unique<Watcher>(bench_, *instance_);
        if (watcher) watcher->interest(id);
        if (bench_.can(EK_CAP_PLAN)) note(instance_->plan(id, samples_.first()));
        for (const json::Value* each : {&samples_.first(), &samples_.second()}) {
            instance_->must_apply(id, *each);
            text_ += json::write(lasting(samples_.schema(), instance_->state(id))) + "\n";
            // Nobody else shows how a list comes out; its items depend on what else there is.
            if (bench_.can(EK_CAP_LIST)) instance_->list(filter_json({id}));
            text_ += json::write(json::Array{static_cast<std::int64_t>(
                differing_paths(bench_, *instance_, *each, instance_->state(id)).size())});
        }
        if (watcher) watcher->run(100);
        if (bench_.can(EK_CAP_DESCRIBE)) instance_->read(id, {.flags = EK_CALL_DESCRIBE});
        if (bench_.can(EK_CAP_BATCH)) {
            json::Object entry{{"id", id}, {"desired", samples_.first()}};
            instance_->apply_many(json::write(json::Array{json::Value(std::move(entry))}));
        }
        note(instance_->apply_raw(id, "{"));
        instance_->must_remove(id);
        note(instance_->read(id));
        if (watcher) watcher->run(50);
    }

    Bench& bench_;
    const Samples& samples_;
    std::unique_ptr<Instance> instance_;
    std::string text_;
};

}  // namespace

std::string tour(Bench& bench) {
    return Tour(bench).take();
}

ChildResult plain_tour(Bench& bench) {
    static constexpr const char* kTour = "tour";
    if (const json::Value before = bench.kept(kTour); before.is_string())
        return {true, before.as_string()};
    ChildResult result = in_child([&] { return tour(bench); });
    const bool complete = result.returned && !result.text.starts_with("broken: ") &&
                          !result.text.starts_with("skipped: ");
    if (complete) bench.keep(kTour, result.text);
    return result;
}

void need_pace(Bench& bench, Instance& instance, int changes, int seconds) {
    constexpr int kTried = 4;
    const std::string id = bench.samples().id(0);
    // The quickest counts: the machine may have had other work meanwhile.
    std::uint64_t quickest_ns = UINT64_MAX;
    for (int i = 0; i < kTried; ++i) {
        const std::uint64_t before = now_monotonic_ns();
        instance.must_apply(id, i % 2 == 0 ? bench.samples().first() : bench.samples().second());
        quickest_ns = std::min(quickest_ns, now_monotonic_ns() - before);
    }
    const int expected = static_cast<int>(static_cast<double>(quickest_ns) / 1e9 * changes);
    if (expected <= seconds) return;
    instance.clear(id);
    skip(std::to_string(changes) + " changes would take " + std::to_string(expected) +
         " s, and a check has " + std::to_string(seconds) + " s for them");
}

}  // namespace evenkeel::validate
