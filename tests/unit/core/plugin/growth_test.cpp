#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/plugin/abi.hpp"
#include "core/plugin/answers.hpp"
#include "tests/unit/core/plugin/loaded.hpp"
#include "tests/unit/core/plugin/recorded_hints.hpp"

// Plugins and hosts of different minors of the ABI, both ways round. Memory ends where a record
// does, so whoever reads what its size does not have dies.
namespace evenkeel::plugin {
namespace {

// A copy of the first `size` bytes of a table or record before memory that cannot be read. What is
// more than the whole of it is poison: a pointer there leads nowhere.
template <typename T>
class Bounded {
  public:
    explicit Bounded(const T& given, std::size_t size = sizeof(T)) {
        void* const pages =
            ::mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (pages == MAP_FAILED || ::mprotect(static_cast<char*>(pages) + kPage, kPage, PROT_NONE))
            throw std::runtime_error("no pages");
        pages_ = static_cast<char*>(pages);
        std::memset(at(size), 0xa5, size);
        std::memcpy(at(size), &given, std::min(size, sizeof(T)));
        const auto told = static_cast<std::uint32_t>(size);
        std::memcpy(at(size), &told, sizeof told);
        record_ = reinterpret_cast<const T*>(at(size));
    }
    ~Bounded() { ::munmap(pages_, 2 * kPage); }
    Bounded(const Bounded&) = delete;
    Bounded& operator=(const Bounded&) = delete;
    const T* get() const { return record_; }

  private:
    static constexpr std::size_t kPage = 65536;
    char* at(std::size_t size) { return pages_ + kPage - size; }

    char* pages_;
    const T* record_;
};

constexpr std::size_t kMore = 64;

class Records : public testing::Test {
  protected:
    template <typename Record>
    void expect_grows(ek_status (*send)(void*, const Record*), const Record& record) {
        static_assert(sizeof(Record) >= kFirstSize<Record> && kFirstSize<Record> > 0);
        const Bounded<Record> first(record, kFirstSize<Record>);
        EXPECT_EQ(send(out_->ctx, first.get()), EK_OK);
        const Bounded<Record> later(record, sizeof(Record) + kMore);
        EXPECT_EQ(send(out_->ctx, later.get()), EK_OK);
        EXPECT_EQ(answers_.broken_rule(), "");
        const Bounded<Record> small(record, kFirstSize<Record> - 8);
        EXPECT_EQ(send(out_->ctx, small.get()), EK_E_INTERNAL);
        EXPECT_NE(answers_.broken_rule().find("too small"), std::string::npos);
    }
    Answers answers_{Call{}, 0};
    const ek_out* const out_ = answers_.call()->out;
};

TEST_F(Records, OfAChangeGrow) {
    expect_grows(out_->change, ek_change{0, EK_ACT_SET, borrow("/text"), borrow("1"), borrow("2"),
                                         EK_OUT_DONE, 0});
}

TEST_F(Records, OfADiagnosticGrow) {
    expect_grows(out_->diag, ek_diag{0, EK_SEV_WARNING, kAbsent, borrow("a"), kAbsent, 0, 0});
}

TEST_F(Records, OfADiagnosticWithASeverityThatIsNotKnownAreWarnings) {
    for (const std::int32_t severity : {EK_SEV_ERROR + 1, EK_SEV_DEBUG - 1}) {
        const ek_diag diag{sizeof diag, severity, kAbsent, borrow("a"), kAbsent, 0, 0};
        EXPECT_EQ(out_->diag(out_->ctx, &diag), EK_OK);
        EXPECT_EQ(answers_.whole.diags.back().severity, EK_SEV_WARNING);
    }
}

TEST_F(Records, OfAnItemGrow) {
    expect_grows(out_->item, ek_item{0, 0, borrow("one"), borrow("{}"), kAbsent, nullptr});
}

TEST_F(Records, OfAnItemsErrorGrow) {
    const ek_diag error{0, EK_SEV_ERROR, kAbsent, borrow("a"), kAbsent, 0, EK_E_BUSY};
    for (const std::size_t size : {kFirstSize<ek_diag>, sizeof(ek_diag) + kMore}) {
        const Bounded<ek_diag> sized(error, size);
        const Bounded<ek_item> item({0, 0, borrow("one"), kAbsent, kAbsent, sized.get()});
        EXPECT_EQ(out_->item(out_->ctx, item.get()), EK_OK) << answers_.broken_rule();
        EXPECT_EQ(answers_.items.back().error->code, Errc::busy);
    }
    const Bounded<ek_diag> small(error, kFirstSize<ek_diag> - 8);
    const Bounded<ek_item> item({0, 0, borrow("one"), kAbsent, kAbsent, small.get()});
    EXPECT_EQ(out_->item(out_->ctx, item.get()), EK_E_INTERNAL);
}

TEST_F(Records, OfAStateGrow) {
    for (const char* id : {"one", "two"}) answers_.entries.emplace_back().id = id;
    const Bounded<ek_subject> first({0, 0, borrow("one")}, kFirstSize<ek_subject>);
    const Bounded<ek_subject> later({0, 0, borrow("two")}, sizeof(ek_subject) + kMore);
    const Bounded<ek_state> small({0, 0, borrow("{}")}, kFirstSize<ek_state>);
    const Bounded<ek_state> large({0, 0, borrow("{}")}, sizeof(ek_state) + kMore);
    EXPECT_EQ(out_->about(out_->ctx, first.get()), EK_OK);
    EXPECT_EQ(out_->state(out_->ctx, small.get()), EK_OK);
    EXPECT_EQ(out_->about(out_->ctx, later.get()), EK_OK);
    EXPECT_EQ(out_->state(out_->ctx, large.get()), EK_OK);
    const Bounded<ek_subject> too_small({0, 0, borrow("one")}, kFirstSize<ek_subject> - 8);
    EXPECT_EQ(out_->about(out_->ctx, too_small.get()), EK_E_INTERNAL);
}

TEST_F(Records, OfProgressGrow) {
    expect_grows(out_->progress, ek_progress{0, 10, borrow("half")});
}

TEST_F(Records, OfOutputGrow) {
    expect_grows(out_->output, ek_output{0, EK_STREAM_OUT, borrow("half\n")});
}

// The plugin of a later minor, with a v2 beside its v1.
class LaterPlugin : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(later_);
        for (const char* id : {"one", "unreadable"})
            ASSERT_FALSE(later_->apply(id, description_, false, {}).error);
    }
    const json::Value description_ = value(R"({"text":"new"})");
    std::unique_ptr<Collection> later_ = open_collection("later", "later");
};

TEST_F(LaterPlugin, CountsNumbersThatAreNotKnownAsOnesThatAreAndKeepsTheWords) {
    for (const bool dry_run : {false, true}) {
        const Applied applied = later_->apply("one", description_, dry_run, {});
        ASSERT_FALSE(applied.error) << applied.error->what;
        ASSERT_EQ(applied.changes.size(), 1U);
        EXPECT_EQ(applied.changes[0].action, wire::Action::set);
        EXPECT_EQ(applied.changes[0].outcome,
                  dry_run ? wire::Outcome::planned : wire::Outcome::done);
        EXPECT_EQ(applied.changes[0].after, json::Value("new"));
        EXPECT_EQ(applied.notes, std::vector<std::string>{"words of a later minor"});
    }
    const Applied removed = later_->remove("one", false, {});
    ASSERT_TRUE(removed.error);
    EXPECT_EQ(removed.error->code, Errc::internal);
    EXPECT_EQ(removed.error->what, "plugin later 1.2.3: words of a later minor");
}

TEST_F(LaterPlugin, IsReadAndListedAndWatched) {
    for (const auto& items : {later_->list({}, {}), later_->read({"one", "unreadable"}, {})}) {
        ASSERT_TRUE(items) << items.error().what;
        ASSERT_EQ(items->size(), 2U);
        EXPECT_EQ(items->at(0).state, description_);
        ASSERT_TRUE(items->at(1).error);
        EXPECT_EQ(items->at(1).error->what, "plugin later 1.2.3: words of a later minor");
    }
    const auto many = later_->apply_many({{"one", description_}, {"two", description_}}, false, {});
    for (const Applied& each : many) EXPECT_FALSE(each.error) << each.error->what;
    RecordedHints hints;
    const auto watch = later_->watch(hints.listener());
    ASSERT_TRUE(watch) << watch.error().what;
    EXPECT_TRUE(hints.wait_for_id("one"));
    EXPECT_EQ(later_->capabilities(), (std::vector<std::string>{"list", "read", "apply", "remove",
                                                                "plan", "watch", "batch"}));
}

// A host of 1.0 without an extension, whose tables end where memory does, or are longer than the
// plugin knows.
struct PlainHost {
    explicit PlainHost(std::size_t more)
        : host({0, EK_ABI_MINOR + (more != 0 ? 9u : 0u), this, borrow("test"), borrow("1.0.0"),
                kAbsent, [](void*, std::int32_t, ek_str, ek_str) {},
                [](void*, const char*) -> const void* { return nullptr; }},
               sizeof(ek_host) + more),
          out({0, 0, this, [](void* self, const ek_item* item) { return heard(self, item->id); },
               [](void* self, const ek_state* state) { return heard(self, state->json); },
               [](void* self, const ek_change* change) { return heard(self, change->path); },
               [](void* self, const ek_diag* diag) { return heard(self, diag->summary); },
               [](void*, const ek_progress*) { return ek_status{EK_OK}; },
               [](void*, const ek_output*) { return ek_status{EK_OK}; },
               [](void* self, const ek_subject* subject) { return heard(self, subject->id); }},
              sizeof(ek_out) + more),
          call({0, more != 0 ? 1u << 30 : 0u, 0, -1, 0, borrow("r"), out.get(),
                [](const ek_call*) { return std::int32_t{0}; }, nullptr, 0},
               sizeof(ek_call) + more),
          watch({0, 0, this, [](void*, std::int32_t, std::uint32_t) { return ek_status{EK_OK}; },
                 [](void*, std::uint64_t) { return ek_status{EK_OK}; },
                 [](void* self, const ek_hint* hint) { heard(self, hint->id); }},
                sizeof(ek_watch_host) + more) {}

    static ek_status heard(void* self, ek_str text) {
        (static_cast<PlainHost*>(self)->told += copy(text)) += ' ';
        return EK_OK;
    }

    std::string told;
    Bounded<ek_host> host;
    Bounded<ek_out> out;
    Bounded<ek_call> call;
    Bounded<ek_watch_host> watch;
};

// By the wrapper, as every plugin in C++ is.
TEST(PluginOnAnotherHost, ReadsNoMoreOfItsTablesThanTheyHave) {
    const auto loaded = open_collection("memory", "memory");  // so that its files have been checked
    void* const library =
        ::dlopen((std::string(TEST_PLUGINS) + "/memory.so").c_str(), RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr) << ::dlerror();
    const auto entry = reinterpret_cast<const ek_module* (*)()>(::dlsym(library, "ek_module_v1"));
    const ek_module& module = *entry();
    const ek_collection& memory = *module.collections[0];
    for (const std::size_t more : {std::size_t{0}, kMore}) {
        PlainHost plain(more);
        const ek_call* const call = plain.call.get();
        ek_instance* instance = nullptr;
        ASSERT_EQ(module.open(plain.host.get(), call, &memory, borrow("{}"), &instance), EK_OK);
        EXPECT_EQ(memory.apply(instance, call, borrow("one"), borrow(R"({"text":"a"})")), EK_OK);
        EXPECT_EQ(memory.read(instance, call, borrow(R"(["one"])")), EK_OK);
        EXPECT_EQ(memory.list(instance, call, kAbsent), EK_OK);
        EXPECT_EQ(memory.apply_many(instance, call,
                                    borrow(R"([{"id":"two","desired":{"text":"refuse"}}])")),
                  EK_E_PARTIAL);
        ek_watch* watch = nullptr;
        ASSERT_EQ(memory.watch_open(instance, call, plain.watch.get(), &watch), EK_OK);
        EXPECT_EQ(memory.invoke(instance, call, borrow("x"), borrow("rescan"), borrow("{}")),
                  EK_OK);
        EXPECT_EQ(memory.watch_ready(watch, 0, 1), EK_OK);
        memory.watch_close(watch);
        module.close(instance);
        EXPECT_EQ(plain.told,
                  R"(/ensure /text {"color":"grey","text":"a"} one one two it is refused  )");
    }
    ::dlclose(library);
}

}  // namespace
}  // namespace evenkeel::plugin
