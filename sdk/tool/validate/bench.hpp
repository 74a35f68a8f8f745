#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <evenkeel/plugin.h>

#include "core/plugin/storage.hpp"
#include "sdk/tool/validate/answers.hpp"
#include "sdk/tool/validate/check.hpp"
#include "sdk/tool/validate/samples.hpp"
#include "sdk/tool/validate/settings.hpp"
#include "sdk/tool/validate/stranger.hpp"

// The world of one check: a raw host with its own tables, so that what a plugin does with them is
// seen, and the plugin. [one thread, where nothing else is said]
namespace evenkeel::validate {

class Instance;

struct BenchOptions {
    std::string file;                 // absolute
    std::string settings;             // path; need not exist
    std::string scratch;              // an empty folder of its own
    std::string kept;                 // a folder that the checks of one run share; empty: none
    std::vector<std::string> target;  // newest symbol versions that it may need; none: this SDK's
    std::uint64_t seed = 1;
    bool scratch_machine = false;  // examples may be tried on this machine
    bool is_stranger = false;      // the other process of a check: has no other one
};

struct LogLine {
    std::int32_t severity;
    std::string message, fields;
};

class Bench {
  public:
    explicit Bench(BenchOptions options);
    ~Bench();

    const BenchOptions& options() const { return options_; }
    const std::string& file() const { return options_.file; }
    const std::string& scratch() const { return options_.scratch; }

    // Loads the file on first use and asks for its module; throws Broken when that cannot be.
    const ek_module& module();
    void* library();  // what dlopen gave
    // Calls this module from now on, the same in another process; a chosen collection stays.
    void use(const ek_module& module);
    const ek_collection& collection();
    void choose(const ek_collection& collection);
    const Samples& samples();
    // What the collection can do, without removals where the settings say that resources stay.
    bool can(std::uint64_t capabilities);
    // Throws Skipped unless the collection can do all of it.
    void need(std::uint64_t capabilities, const char* what);
    json::Value manifest();

    // How records are laid out, and inputs given: as the check wants them before it opens anything.
    Shape shape = Shape::plain;
    // What is done with the memory of inputs: nobody may write it, nothing can be read behind it,
    // nobody may look at it after the call.
    bool inputs_read_only = false, inputs_end_at_guard = false, inputs_gone_later = false;
    std::uint32_t more_flags = 0;
    std::uint32_t abi_minor = EK_ABI_MINOR;
    bool has_extensions = true, has_data_dir = true;

    const ek_host* host();
    std::vector<LogLine> log() const;  // [any]
    int log_after_close() const { return log_after_close_; }
    // Opens the collection: an instance, or what was said instead.
    struct Opened {
        std::shared_ptr<Answers> answers;
        std::unique_ptr<Instance> instance;  // null: it was refused
        bool left_handle = false;            // refused, and an instance given all the same
    };
    Opened try_open(const json::Value& config, CallOptions options = {});
    // With the author's configuration; throws Broken when that is refused.
    std::unique_ptr<Instance> open();

    // What an earlier check of this run has kept of this collection, so that what takes long is
    // done once; null: none has. A check that is run alone has to do it itself.
    json::Value kept(const std::string& what);
    void keep(const std::string& what, const json::Value& value);

    std::shared_ptr<Answers> answers(CallOptions options);
    // An input as the plugin gets it; `kept` lives until the call is over.
    ek_str input(std::string_view text, std::deque<Block>& kept) const;
    void end_of(std::deque<Block>& kept) const;

    // Another process with the same plugin.
    Stranger& stranger() { return stranger_; }
    // Whether resources live outside of the plugin, so that another process sees them.
    bool is_shared();
    std::atomic<int> instances{0};  // open now
    bool is_isolated = false;       // the plugin is in a process of its own

  private:
    std::string why_resources_stay();  // empty: they do not
    std::string path_to_keep(const std::string& what);
    static void on_log(void* ctx, std::int32_t severity, ek_str message, ek_str fields) noexcept;
    static const void* on_extension(void* ctx, const char* id) noexcept;

    BenchOptions options_;
    Settings settings_;
    Stranger stranger_;
    void* library_ = nullptr;
    const ek_module* module_ = nullptr;
    const ek_collection* collection_ = nullptr;
    std::unique_ptr<Samples> samples_;
    std::string data_dir_;
    std::shared_ptr<plugin::Storage> storage_;
    std::unique_ptr<Placed<ek_host>> host_;
    mutable std::mutex log_mutex_;  // guards the next two
    std::vector<LogLine> log_;
    int log_after_close_ = 0;
    std::deque<std::shared_ptr<Answers>> recent_;  // late callbacks are seen there
    int shared_ = -1;
};

}  // namespace evenkeel::validate
