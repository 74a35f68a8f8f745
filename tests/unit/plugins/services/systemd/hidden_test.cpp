#include <string>

#include <gtest/gtest.h>

#include "plugins/services/systemd/journal.hpp"

namespace evenkeel::services {
namespace {

TEST(ALineOfTheJournal, ShowsNoSecret) {
    for (const char* line :
         {"password=hunter2", "DB_PASSWORD: hunter2", "cannot use \"api_token\": \"hunter2\", end",
          "token = 'hunter2'", "postgres://app:hunter2@db/x is away",
          "Authorization: Bearer hunter2", "sent basic hunter2", "client_secret=a hunter2 b",
          "level=error passwd=hunter2", "key 7f3a9c0hunter2a7f3a9c0e1b2d4f5a60c1d hangs"})
        EXPECT_EQ(hidden(line).find("hunter2"), std::string::npos) << hidden(line);
}

TEST(ALineOfTheJournal, IsOtherwiseAsItIs) {
    for (const char* line :
         {"", "error: line 3: unknown option: 'lsiten'", "bind to 0.0.0.0:80 failed: in use",
          "cannot open /usr/share/some/long/path/to/a/file/number/1/of/many/files",
          "see https://example.org/help", "a=b"})
        EXPECT_EQ(hidden(line), line);
}

}  // namespace
}  // namespace evenkeel::services
