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

TEST(ALineOfTheJournal, ShowsNoneOfTheCommonestForms) {
    struct Form {
        const char *line, *hidden;
    };
    for (const auto& [line, shown] : {
             Form{"DB_PASS=hunter2hunter2", "DB_PASS=***"},
             Form{"pass: hunter2", "pass: ***"},
             Form{"pass-phrase.txt=hunter2", "pass-phrase.txt=***"},
             Form{"SSH_KEY=abc", "SSH_KEY=***"},
             Form{"PRIVATEKEY=abc", "PRIVATEKEY=***"},
             Form{"auth: abc def", "auth: ***"},
             Form{"password\t= x y", "password\t= ***"},
             Form{"run --password hunter2 -v", "run --password *** -v"},
             Form{"with password hunter2", "with password ***"},
             Form{"with password \"hunter2 x\" now", "with password \"***\" now"},
             Form{"the password is hunter2", "the password is ***"},
             Form{"at postgres://u:pa/ss@host", "at postgres://***@host"},
             Form{"got aB3/xY7kQ9mZ2/pL5vN8wR1t/C4jH6gF0dS== now", "got *** now"},
             Form{"got 7f3a9c0b2a7f3a9c0e1b2d4f5a60c1d2!half now", "got *** now"},
             Form{R"({"password":"ab\"cdefgh"})", R"({"password":"***"})"},
             Form{R"(sent {\"password\":\"ab\"})", R"(sent {\"password\":***)"},
         })
        EXPECT_EQ(hidden(line), shown);
}

TEST(ALineOfTheJournal, IsNotCutInsideOfAWord) {
    EXPECT_EQ(shortened("the value hunter2 is long", 13), "the value...");
    EXPECT_EQ(shortened("the value", 9), "the value");
    EXPECT_EQ(shortened("hunter2hunter2", 9), "...");
}

TEST(ALineOfTheJournal, IsOtherwiseAsItIs) {
    for (const char* line :
         {"", "error: line 3: unknown option: 'lsiten'", "bind to 0.0.0.0:80 failed: in use",
          "cannot open /usr/share/some/long/path/to/a/file/number/1/of/many/files",
          "see https://example.org/help", "a=b", "bypassed keyboard: author unknown",
          "/usr/lib/x86_64-linux-gnu/security/pam_unix2/of/5 is away"})
        EXPECT_EQ(hidden(line), line);
}

}  // namespace
}  // namespace evenkeel::services
