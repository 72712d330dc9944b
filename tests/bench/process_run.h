// One program, run to its end: how long it took and the most memory that it held.
#pragma once

#include "tests/bench/bench_support.h"

#include <QByteArray>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace sealift::test {

struct ProcessRun {
  double seconds = 0;
  long kibibytes = 0;  // most resident memory of the process
};

// The program and its arguments; gives up when it does not end with success. What it prints goes nowhere.
inline ProcessRun runProcess(std::vector<QByteArray> command) {
  std::vector<char*> arguments;
  for (QByteArray& word : command) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  QElapsedTimer timer;
  timer.start();
  const pid_t child = fork();
  if (child == 0) {
    const int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    execvp(arguments.front(), arguments.data());
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  if (child < 0 || wait4(child, &status, 0, &usage) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    give(QStringLiteral("%1 failed.").arg(QString::fromLocal8Bit(command.front())));
  }
  return {seconds(timer), usage.ru_maxrss};
}

}  // namespace sealift::test
