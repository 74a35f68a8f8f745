#include "core/agent/runs/undo_log.hpp"

#include <gtest/gtest.h>

namespace evenkeel::agent {
namespace {

const wire::Ref kUser{"users", "bob"};
const wire::Ref kGroup{"groups", "games"};
const wire::Ref kFile{"files", "/etc/motd"};

TEST(UndoLog, NamesWhoseChangeComesBeforeEachDrift) {
    UndoLog log;
    log.on_changed(kUser);
    for (int round = 0; round < 10; ++round) {
        log.on_changed(kGroup);
        if (round == 3) log.on_changed(kFile);
        log.on_drift(kUser);
        log.on_changed(kUser);
        log.on_drift(kGroup);
    }
    EXPECT_EQ(log.suspect(kUser, 10), kGroup);
    EXPECT_EQ(log.suspect(kGroup, 10), kUser);
    log.forget(kUser);
    EXPECT_FALSE(log.suspect(kUser, 10));
}

TEST(UndoLog, NamesNobodyForWhatOthersUndo) {
    UndoLog log;
    for (int round = 0; round < 10; ++round) {
        log.on_changed(kFile);
        if (round < 4) log.on_changed(kGroup);
        log.on_drift(kFile);
    }
    EXPECT_FALSE(log.suspect(kFile, 10));
    EXPECT_FALSE(log.suspect(kUser, 10));
}

}  // namespace
}  // namespace evenkeel::agent
