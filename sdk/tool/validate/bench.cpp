#include "sdk/tool/validate/bench.hpp"

#include <dlfcn.h>
#include <sys/stat.h>

#include "core/base/file.hpp"
#include "sdk/tool/validate/instance.hpp"

namespace evenkeel::validate {
namespace {

constexpr std::size_t kRecentMax = 64;

Settings settings_from(const BenchOptions& options) {
    auto settings = Settings::read(options.settings, options.scratch);
    if (!settings) broken(settings.error().what);
    return std::move(*settings);
}

}  // namespace

Bench::Bench(BenchOptions options)
    : options_(std::move(options)), settings_(settings_from(options_)), stranger_(options_) {
    data_dir_ = options_.scratch + "/.data";
    ::mkdir(data_dir_.c_str(), 0700);
    const char* own = options_.is_stranger ? "/.storage-of-the-other" : "/.storage";
    auto storage = plugin::Storage::open(options_.scratch + own, file());
    if (!storage) broken(storage.error().what);
    storage_ = std::move(*storage);
}

Bench::~Bench() = default;

void* Bench::library() {
    if (library_ != nullptr) return library_;
    library_ = ::dlopen(file().c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library_ == nullptr) {
        const char* why = ::dlerror();
        broken(std::string("it cannot be loaded: ") + (why != nullptr ? why : "no reason given"));
    }
    return library_;
}

const ek_module& Bench::module() {
    if (module_ != nullptr) return *module_;
    using Entry = const ek_module* (*)();
    const auto entry = reinterpret_cast<Entry>(::dlsym(library(), "ek_module_v1"));
    if (entry == nullptr) broken("it has no entry ek_module_v1");
    module_ = entry();
    if (module_ == nullptr) broken("ek_module_v1 answers NULL");
    return *module_;
}

void Bench::use(const ek_module& module) {
    const std::string name = copy(collection().name);
    module_ = &module;
    is_isolated = true;
    for (std::size_t i = 0; i < module.collection_count; ++i)
        if (copy(module.collections[i]->name) == name) return choose(*module.collections[i]);
    broken("in a process of its own it has no collection " + name);
}

void Bench::choose(const ek_collection& collection) {
    collection_ = &collection;
    samples_.reset();
    shared_ = -1;
}

const ek_collection& Bench::collection() {
    if (collection_ == nullptr) {
        if (module().collection_count == 0) skip("the module has no collection");
        choose(*module().collections[0]);
    }
    return *collection_;
}

json::Value Bench::manifest() {
    auto parsed = json::parse(copy(module().manifest_json));
    return parsed ? std::move(*parsed) : json::Value();
}

const Samples& Bench::samples() {
    if (samples_ == nullptr) {
        const bool may_use_examples = options_.scratch_machine || !reaches_out(manifest());
        samples_ = std::make_unique<Samples>(collection(), settings_.of(copy(collection().name)),
                                             scratch(), may_use_examples);
    }
    return *samples_;
}

std::string Bench::why_resources_stay() {
    const auto& fields = settings_.of(copy(collection().name)).fields;
    const auto ensure = fields.find("ensure");
    return ensure != fields.end() ? ensure->second.string_or("reason") : std::string();
}

bool Bench::can(std::uint64_t capabilities) {
    if ((collection().caps & capabilities) != capabilities) return false;
    return (capabilities & EK_CAP_REMOVE) == 0 || why_resources_stay().empty();
}

void Bench::need(std::uint64_t capabilities, const char* what) {
    if (can(capabilities)) return;
    const std::string why = why_resources_stay();
    const bool can_itself = (collection().caps & capabilities) == capabilities;
    skip(can_itself ? why : std::string("the collection cannot ") + what);
}

const ek_host* Bench::host() {
    if (host_ != nullptr) return host_->get();
    ek_host table{};
    table.abi_minor = static_cast<std::uint32_t>(abi_minor);
    table.ctx = this;
    table.name = borrow("ek-plugin");
    table.version = borrow(EVENKEEL_VERSION);
    table.data_dir = has_data_dir ? borrow(data_dir_) : kAbsent;
    table.log = on_log;
    table.extension = on_extension;
    host_ = std::make_unique<Placed<ek_host>>(shape, table, this);
    return host_->get();
}

void Bench::on_log(void* ctx, std::int32_t severity, ek_str message, ek_str fields) noexcept {
    auto& self = *static_cast<Bench*>(ctx);
    const std::lock_guard lock(self.log_mutex_);
    if (self.instances == 0) ++self.log_after_close_;
    self.log_.push_back({severity, copy(message), copy(fields)});
}

const void* Bench::on_extension(void* ctx, const char* id) noexcept {
    auto& self = *static_cast<Bench*>(ctx);
    const bool known = self.has_extensions && std::string_view(id) == EK_EXT_STORAGE;
    return known ? self.storage_->table() : nullptr;
}

std::vector<LogLine> Bench::log() const {
    const std::lock_guard lock(log_mutex_);
    return log_;
}

Bench::Opened Bench::try_open(const json::Value& config, CallOptions options) {
    Opened opened;
    opened.answers = answers(std::move(options));
    std::deque<Block> kept;
    const std::string text = json::write(config);
    ek_instance* handle = nullptr;
    ++instances;
    const ek_status status =
        module().open(host(), opened.answers->call(), &collection(), input(text, kept), &handle);
    opened.answers->finish(status);
    end_of(kept);
    --instances;
    if (status == EK_OK) {
        if (handle == nullptr) broken("open answers EK_OK and gives no instance");
        opened.instance = std::make_unique<Instance>(*this, collection(), handle);
    }
    opened.left_handle = status != EK_OK && handle != nullptr;
    return opened;
}

std::unique_ptr<Instance> Bench::open() {
    Opened opened = try_open(samples().settings().config);
    if (opened.instance == nullptr) {
        if (opened.answers->status == EK_E_UNAVAILABLE)
            skip("it does not open here: " + opened.answers->transcript());
        broken("it does not open with its configuration", opened.answers->transcript());
    }
    return std::move(opened.instance);
}

std::shared_ptr<Answers> Bench::answers(CallOptions options) {
    options.flags |= more_flags;
    recent_.push_back(std::make_shared<Answers>(shape, std::move(options)));
    if (recent_.size() > kRecentMax) recent_.pop_front();
    return recent_.back();
}

ek_str Bench::input(std::string_view text, std::deque<Block>& kept) const {
    if (!inputs_read_only && !inputs_end_at_guard && !inputs_gone_later) return borrow(text);
    constexpr std::size_t kRoom = 64;
    Block& block = kept.emplace_back(text.size() + (inputs_end_at_guard ? 0 : kRoom));
    std::memcpy(block.data(), text.data(), text.size());
    if (inputs_read_only) block.read_only();
    return {block.data(), text.size()};
}

void Bench::end_of(std::deque<Block>& kept) const {
    if (!inputs_gone_later) return;
    for (const Block& block : kept) block.poison();
    // What is unmapped could be mapped again by somebody else: it stays as it is for a while.
    for (Block& block : kept) block.keep();
}

std::string Bench::path_to_keep(const std::string& what) {
    return options_.kept + "/" + copy(collection().name) + (is_isolated ? "-isolated-" : "-") +
           what;
}

json::Value Bench::kept(const std::string& what) {
    if (options_.kept.empty()) return nullptr;
    const auto text = read_file(path_to_keep(what));
    auto value = json::parse(text ? *text : std::string());
    return value ? std::move(*value) : json::Value();
}

void Bench::keep(const std::string& what, const json::Value& value) {
    // Without it the next one does the same again.
    if (!options_.kept.empty())
        static_cast<void>(write_file(path_to_keep(what), json::write(value), 0600));
}

bool Bench::is_shared() {
    if (shared_ >= 0) return shared_ == 1;
    need(EK_CAP_APPLY | EK_CAP_REMOVE, "apply and remove");
    static constexpr const char* kShared = "resources-are-shared";
    if (const json::Value before = kept(kShared); before.is_bool())
        return (shared_ = before.as_bool() ? 1 : 0) == 1;
    const std::string name = copy(collection().name);
    const auto instance = open();
    instance->clear(samples().id(0));
    instance->must_apply(samples().id(0), samples().first());
    const json::Value seen = stranger_.read(name, samples().id(0));
    instance->must_remove(samples().id(0));
    shared_ = seen.is_null() ? 0 : 1;
    keep(kShared, shared_ == 1);
    return shared_ == 1;
}

}  // namespace evenkeel::validate
