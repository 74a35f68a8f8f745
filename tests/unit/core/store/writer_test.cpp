#include "core/store/writer.hpp"

#include <condition_variable>
#include <future>
#include <mutex>
#include <semaphore>
#include <thread>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.hpp"
#include "core/run/loop.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/core/store/fixture.hpp"

namespace evenkeel::store {
namespace {

using std::chrono::seconds;

// A writer whose answers come through a loop, and a work that holds it up.
class Writing : public StoreTest {
  protected:
    Writer::Work putting(std::string key, std::string value) {
        return [table = things(), key = std::move(key), value = std::move(value)](WriteTxn& txn) {
            return txn.put(table, key, value);
        };
    }
    Writer::Done noting(std::string name) {
        return [this, name = std::move(name)](const Result<void>& outcome) {
            answers_.push_back(name + (outcome ? " ok" : " " + outcome.error().what));
        };
    }
    // The writer is inside this work until the returned promise is set.
    static std::shared_ptr<std::promise<void>> hold(Writer& writer) {
        auto go = std::make_shared<std::promise<void>>();
        auto entered = std::make_shared<std::promise<void>>();
        EXPECT_TRUE(writer.submit(
            [go, entered](WriteTxn&) -> Result<void> {
                entered->set_value();
                go->get_future().wait();
                return {};
            },
            nullptr));
        entered->get_future().wait();
        return go;
    }
    bool answered(std::size_t count) {
        return loop_.run_until([&] { return answers_.size() >= count; }, test::kPatience);
    }

    run::Loop loop_;
    std::vector<std::string> answers_;
};

TEST_F(Writing, AnswersAfterTheCommitInTheOrderOfSubmit) {
    Writer writer(*env_, loop_.poster());
    for (int i = 0; i < 100; ++i) {
        const std::string name = std::to_string(i);
        ASSERT_TRUE(writer.submit(putting(name, "v"), [this, name](const Result<void>& outcome) {
            EXPECT_TRUE(outcome);
            EXPECT_EQ(get(name), "v");
            answers_.push_back(name);
        }));
    }
    ASSERT_TRUE(answered(100));
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(answers_[static_cast<std::size_t>(i)], std::to_string(i));
}

TEST_F(Writing, OneFailureTakesNothingOfTheOthersWithIt) {
    Writer writer(*env_, loop_.poster());
    const auto go = hold(writer);
    ASSERT_TRUE(writer.submit(putting("a", "1"), noting("a")));
    ASSERT_TRUE(writer.submit(
        [this](WriteTxn& txn) -> Result<void> {
            EK_CHECK(txn.put(things(), "half", "done"));
            return fail(Errc::conflict, "no");
        },
        noting("b")));
    ASSERT_TRUE(writer.submit(putting("c", "3"), noting("c")));
    go->set_value();
    ASSERT_TRUE(answered(3));
    EXPECT_EQ(answers_, (std::vector<std::string>{"a ok", "b no", "c ok"}));
    EXPECT_EQ(get("a"), "1");
    EXPECT_EQ(get("c"), "3");
    EXPECT_EQ(get("half"), "(none)");
}

// Runs of each work are counted, the ones that were dropped among them.
TEST_F(Writing, OnlyAWorkThatFailsAfterAChangeMakesItsBatchRunAgain) {
    Writer writer(*env_, loop_.poster());
    int runs = 0;
    const auto batch_with = [&](const Writer::Work& failing) {
        runs = 0;
        answers_.clear();
        const auto go = hold(writer);
        const auto counting = [&, put = putting("a", "1")](WriteTxn& txn) {
            ++runs;
            return put(txn);
        };
        ASSERT_TRUE(writer.submit(counting, noting("a")));
        ASSERT_TRUE(writer.submit(failing, noting("b")));
        ASSERT_TRUE(writer.submit(counting, noting("c")));
        go->set_value();
        ASSERT_TRUE(answered(3));
        EXPECT_EQ(answers_, (std::vector<std::string>{"a ok", "b no", "c ok"}));
    };
    batch_with([this](WriteTxn& txn) -> Result<void> {
        EK_TRY(txn.get(things(), "a"));
        EK_TRY(txn.erase(things(), "none"));
        return fail(Errc::not_found, "no");
    });
    EXPECT_EQ(runs, 2);
    batch_with([this](WriteTxn& txn) -> Result<void> {
        EK_TRY(txn.erase(things(), "a"));
        return fail(Errc::not_found, "no");
    });
    EXPECT_EQ(runs, 3) << "the one before the failure ran twice";
    EXPECT_EQ(get("a"), "1");
}

// The error that it keeps to itself has spoilt the transaction for everything behind it.
TEST_F(Writing, AWorkThatIgnoresThatTheStoreIsFullFailsAlone) {
    open({.tables = {"things"}, .migrations = {}, .map_bytes = 1 << 20});
    Writer writer(*env_, loop_.poster());
    const auto go = hold(writer);
    ASSERT_TRUE(writer.submit(putting("a", "1"), noting("a")));
    ASSERT_TRUE(writer.submit(
        [this](WriteTxn& txn) -> Result<void> {
            EXPECT_FALSE(txn.put(things(), "big", std::string(4 << 20, 'x')));
            return {};
        },
        [this](const Result<void>& outcome) { answers_.push_back(outcome ? "ok" : "refused"); }));
    ASSERT_TRUE(writer.submit(putting("c", "3"), noting("c")));
    go->set_value();
    ASSERT_TRUE(answered(3));
    EXPECT_EQ(answers_, (std::vector<std::string>{"a ok", "refused", "c ok"}));
    EXPECT_EQ(get("c"), "3");
}

TEST_F(Writing, ARehearsalRunsEachWorkOnceMoreAndKeepsNothingOfIt) {
    Writer writer(*env_, loop_.poster(), {.rehearses = true});
    int runs = 0;
    EXPECT_TRUE(writer.run([&](WriteTxn& txn) {
        EXPECT_FALSE(*txn.get(things(), "a"));
        return txn.put(things(), "a", std::to_string(++runs));
    }));
    EXPECT_EQ(get("a"), "2");
}

TEST_F(Writing, LaterWorksSeeWhatEarlierOnesOfTheSameCommitDid) {
    Writer writer(*env_, loop_.poster());
    const auto go = hold(writer);
    const auto count = [table = things()](WriteTxn& txn) -> Result<void> {
        const auto before = EK_TRY(txn.get(table, "n"));
        return txn.put(table, "n", std::to_string(std::stoi(before.value_or("0")) + 1));
    };
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(writer.submit(count, noting("n")));
    go->set_value();
    ASSERT_TRUE(answered(50));
    EXPECT_EQ(get("n"), "50");
}

TEST_F(Writing, OneCommitServesAllThatWait) {
    Writer writer(*env_, loop_.poster());
    const auto go = hold(writer);
    std::string seen;  // in the store by a reader, while the second work runs
    ASSERT_TRUE(writer.submit(putting("a", "1"), noting("a")));
    ASSERT_TRUE(writer.submit(
        [this, &seen](WriteTxn&) -> Result<void> {
            seen = get("a");
            return {};
        },
        noting("b")));
    go->set_value();
    ASSERT_TRUE(answered(2));
    EXPECT_EQ(seen, "(none)");
    EXPECT_EQ(get("a"), "1");
}

TEST_F(Writing, AWorkThatFillsTheStoreFailsAlone) {
    open({.tables = {"things"}, .migrations = {}, .map_bytes = 1 << 20});
    Writer writer(*env_, loop_.poster());
    const auto go = hold(writer);
    ASSERT_TRUE(writer.submit(putting("a", "1"), noting("a")));
    ASSERT_TRUE(writer.submit(putting("big", std::string(4 << 20, 'x')),
                              [this](const Result<void>& outcome) {
                                  ASSERT_FALSE(outcome);
                                  EXPECT_EQ(outcome.error().code, Errc::limit);
                                  answers_.push_back("big refused");
                              }));
    ASSERT_TRUE(writer.submit(putting("c", "3"), noting("c")));
    go->set_value();
    ASSERT_TRUE(answered(3));
    EXPECT_EQ(answers_, (std::vector<std::string>{"a ok", "big refused", "c ok"}));
    EXPECT_EQ(get("c"), "3");
}

TEST_F(Writing, ALazyWorkCausesNoCommitAndKeepsItsPlace) {
    Writer writer(*env_, loop_.poster(), {.lazy_max = std::chrono::hours(1)});
    const auto append = [this](const std::string& letter) {
        return [table = things(), letter](WriteTxn& txn) -> Result<void> {
            return txn.put(table, "all", EK_TRY(txn.get(table, "all")).value_or("") + letter);
        };
    };
    const auto lazily = [&](const std::string& letter) {
        const auto done = [note = noting(letter)](const Result<void>& outcome, const WriteSet&) {
            note(outcome);
        };
        EXPECT_TRUE(writer.submit_lazy(append(letter), done, Importance::ordinary));
    };
    lazily("a");
    lazily("b");
    ASSERT_TRUE(writer.submit(append("c"), noting("c")));
    ASSERT_TRUE(answered(3));
    EXPECT_EQ(answers_, (std::vector<std::string>{"a ok", "b ok", "c ok"}));
    EXPECT_EQ(get("all"), "abc");
    EXPECT_EQ(writer.stats().commits, 1U);
    lazily("d");
    EXPECT_EQ(writer.depth(), 1U);
    writer.stop();
    EXPECT_EQ(get("all"), "abcd");
}

TEST_F(Writing, ALazyWorkThatNothingFollowsIsCommittedAfterItsTime) {
    Writer writer(*env_, loop_.poster(), {.lazy_max = std::chrono::milliseconds(5)});
    const auto began = std::chrono::steady_clock::now();
    const auto done = [note = noting("a")](const Result<void>& outcome, const WriteSet& touched) {
        EXPECT_EQ(touched.touches().size(), 1U);
        note(outcome);
    };
    ASSERT_TRUE(writer.submit_lazy(putting("a", "1"), done, Importance::ordinary));
    ASSERT_TRUE(answered(1));
    EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(5));
    EXPECT_EQ(get("a"), "1");
}

TEST_F(Writing, AWorkThatFailsAfterAPartOfItsOwnLeavesNothingOfThat) {
    Writer writer(*env_, loop_.poster());
    const auto go = hold(writer);
    ASSERT_TRUE(writer.submit(putting("a", "1"), noting("a")));
    ASSERT_TRUE(writer.submit(
        [table = things()](WriteTxn& txn) -> Result<void> {
            WriteTxn part = EK_TRY(txn.nested());
            EK_CHECK(part.put(table, "part", "1"));
            EK_CHECK(part.commit());
            return fail(Errc::denied, "no");
        },
        noting("b")));
    go->set_value();
    ASSERT_TRUE(answered(2));
    EXPECT_EQ(answers_, (std::vector<std::string>{"a ok", "b no"}));
    EXPECT_EQ(keys(Range::all()), std::vector<std::string>{"a"});
}

TEST_F(Writing, RefusesWhenItsQueueIsFull) {
    Writer writer(*env_, loop_.poster(), {.queue_depth_max = 2, .batch_max = 10});
    const auto go = hold(writer);
    ASSERT_TRUE(writer.submit(putting("a", ""), noting("a")));
    ASSERT_TRUE(writer.submit(putting("b", ""), noting("b")));
    EXPECT_EQ(writer.depth(), 2U);
    EXPECT_EQ(writer.submit(putting("c", ""), noting("c")).error().code, Errc::busy);
    go->set_value();
    ASSERT_TRUE(answered(2));
    EXPECT_EQ(get("c"), "(none)");
}

TEST_F(Writing, StopCommitsWhatWaitsAndRefusesTheRest) {
    Writer writer(*env_, loop_.poster());
    ASSERT_TRUE(writer.submit(putting("a", "1"), noting("a")));
    writer.stop();
    EXPECT_EQ(get("a"), "1");
    EXPECT_EQ(writer.submit(putting("b", ""), noting("b")).error().code, Errc::unavailable);
    EXPECT_EQ(writer.run(putting("b", "")).error().code, Errc::unavailable);
    loop_.run_ready();
    EXPECT_EQ(answers_, std::vector<std::string>{"a ok"});
}

TEST_F(Writing, RunWaitsForTheCommit) {
    Writer writer(*env_, loop_.poster());
    EXPECT_TRUE(writer.run(putting("a", "1")));
    EXPECT_EQ(get("a"), "1");
    const auto failed =
        writer.run([](WriteTxn&) -> Result<void> { return fail(Errc::denied, "no"); });
    EXPECT_EQ(failed.error().code, Errc::denied);
}

TEST_F(Writing, ManyThreadsLoseNothing) {
    Writer writer(*env_, loop_.poster());
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([this, &writer, t] {
            for (int i = 0; i < 100; ++i) {
                EXPECT_TRUE(writer.run(putting(std::to_string(t * 1000 + i), "")));
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(keys(Range::all()).size(), 400U);
}

// What the child does: counts up in the store, and tells each number that it was told is committed.
[[noreturn]] void count_until_killed(const std::string& path, int told) {
    auto env = Env::open(path, {.tables = {"things"}, .migrations = {}});
    if (!env) ::_exit(1);
    Writer writer(*env, [](const std::function<void()>& f) { f(); });
    const Table things = env->table("things");
    std::counting_semaphore<> room(100);  // fewer than the writer's queue has
    for (std::uint64_t number = 1;; ++number) {
        const auto work = [things, number](WriteTxn& txn) {
            return txn.put(things, number_key(number), std::string(500, 'x'));
        };
        const auto tell = [&room, told, number](const Result<void>& outcome) {
            if (!outcome || ::write(told, &number, sizeof(number)) != sizeof(number)) ::_exit(1);
            room.release();
        };
        room.acquire();
        const auto tell_lazily = [tell](const Result<void>& outcome, const WriteSet&) {
            tell(outcome);
        };
        const bool is_lazy = number % 3 == 0;
        if (!(is_lazy ? writer.submit_lazy(work, tell_lazily, Importance::ordinary)
                      : writer.submit(work, tell))) {
            ::_exit(1);
        }
    }
}

TEST_F(Writing, AfterKill9EverythingAcknowledgedIsThere) {
    close();
    for (int round = 0; round < 5; ++round) {
        int ends[2] = {};
        ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        const pid_t child = ::fork();
        if (child == 0) count_until_killed(path(), ends[1]);
        ::close(ends[1]);
        const Fd told(ends[0]);
        std::uint64_t last = 0;
        // Killed somewhere in the middle of its work, a little later each time.
        const std::uint64_t enough = 200 + 137 * static_cast<std::uint64_t>(round);
        while (last < enough && ::read(told.get(), &last, sizeof(last)) == sizeof(last)) continue;
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status));
        while (::read(told.get(), &last, sizeof(last)) == sizeof(last)) continue;
        ASSERT_GE(last, enough);
        open();
        const auto found = keys(Range::all());
        ASSERT_GE(found.size(), last);
        for (std::uint64_t number = 1; number <= last; ++number) {
            ASSERT_EQ(found[number - 1], number_key(number));
        }
        close();
    }
}

TEST_F(Writing, CopiesWhileItWrites) {
    Writer writer(*env_, loop_.poster());
    std::thread writing([this, &writer] {
        for (std::uint64_t i = 0; i < 100; ++i) {
            EXPECT_TRUE(writer.run([this, i](WriteTxn& txn) -> Result<void> {
                EK_CHECK(txn.put(things(), "a" + number_key(i), ""));
                return txn.put(things(), "b" + number_key(i), "");
            }));
        }
    });
    for (int i = 0; i < 5; ++i) {
        const std::string to = folder_ / ("copy" + std::to_string(i));
        ASSERT_TRUE(env_->copy_to(to));
        const auto copy = Env::open(to, {.tables = {"things"}, .migrations = {}});
        ASSERT_TRUE(copy);
        std::size_t a = 0;
        std::size_t all = 0;
        ASSERT_TRUE(copy->read()->scan(copy->table("things"), Range::all(),
                                       [&](std::string_view key, std::string_view) {
                                           a += key[0] == 'a' ? 1 : 0;
                                           ++all;
                                           return true;
                                       }));
        EXPECT_EQ(all, 2 * a);
    }
    writing.join();
}

}  // namespace
}  // namespace evenkeel::store
