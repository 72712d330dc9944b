// Deltas between two versions of real firmware (fetch_pairs.sh takes them out of Debian's packages) against the tools
// that a vendor would use otherwise: xdelta3 -9, bsdiff and zstd --patch-from -19 --long. Sizes, and what applying each
// costs in time and memory, as processes of their own.
//   delta_bench [FOLDER]      default build/bench-pairs of the source tree; fetched there when it is empty
// Exits with 1 when a delta of ours is larger than the smallest of theirs.
#include "app/base/file_io.h"
#include "devices/images/delta/image_delta.h"
#include "tests/bench/process_run.h"

#include <QDir>
#include <QProcess>
#include <QTemporaryDir>

#include <cstring>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr qint64 kMost = 1LL << 30;
constexpr int kRounds = 5;

// The median time and the most memory of some runs.
ProcessRun runs(const std::vector<QByteArray>& command) {
  std::vector<double> times;
  ProcessRun all;
  for (int i = 0; i < kRounds; ++i) {
    const ProcessRun once = runProcess(command);
    times.push_back(once.seconds);
    all.kibibytes = std::max(all.kibibytes, once.kibibytes);
  }
  all.seconds = median(times);
  return all;
}

// One way to make and apply a delta; in the words, OLD, NEW, DELTA and MADE stand for files.
struct Tool {
  const char* name;
  QString make;
  QString apply;
};

struct Row {
  qint64 bytes = 0;
  double makeSeconds = 0;
  ProcessRun apply;
};

class Pair {
 public:
  explicit Pair(const QString& folder) : folder_(folder) {}
  bool isThere() const { return QFile::exists(file("old")) && QFile::exists(file("new")); }
  QString file(const char* name) const { return folder_ + u'/' + QString::fromLatin1(name); }
  QString version(const char* name) const {
    const Result<QByteArray> package = readFile(file(name) + QStringLiteral(".package"), 1000);
    return package ? QString::fromUtf8(*package).trimmed() : QString();
  }

  Row measure(const Tool& tool) const {
    const QTemporaryDir work;
    const auto words = [&](const QString& text) {
      std::vector<QByteArray> list;
      for (QString word : text.split(u' ')) {
        word.replace(QStringLiteral("OLD"), file("old")).replace(QStringLiteral("NEW"), file("new"));
        word.replace(QStringLiteral("DELTA"), work.filePath(QStringLiteral("delta")));
        word.replace(QStringLiteral("MADE"), work.filePath(QStringLiteral("made")));
        list.push_back(word.toLocal8Bit());
      }
      return list;
    };
    Row row;
    row.makeSeconds = runProcess(words(tool.make)).seconds;
    row.bytes = QFileInfo(work.filePath(QStringLiteral("delta"))).size();
    row.apply = runs(words(tool.apply));
    if (must(readFile(work.filePath(QStringLiteral("made")), kMost)) != must(readFile(file("new"), kMost))) {
      give(QStringLiteral("%1 did not make what it should.").arg(QLatin1String(tool.name)));
    }
    return row;
  }

 private:
  QString folder_;
};

// Ours, as a process of its own: "--make OLD NEW DELTA" and "--apply OLD DELTA MADE".
int work(char** argv) {
  const auto path = [&](int i) { return QString::fromLocal8Bit(argv[i]); };
  const QByteArray old = must(readFile(path(2), kMost));
  const bool makes = std::strcmp(argv[1], "--make") == 0;
  const QByteArray other = must(readFile(path(3), kMost));
  const QByteArray result =
      makes ? must(makeSmallestDelta(old, other, {})) : must(applyDelta(old, other, must(deltaResultBytes(other)), {}));
  QFile file(path(4));
  return file.open(QIODevice::WriteOnly) && file.write(result) == result.size() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 5) {
    return work(argv);
  }
  const QString folder =
      argc > 1 ? QString::fromLocal8Bit(argv[1]) : QStringLiteral(SEALIFT_SOURCE_DIR "/build/bench-pairs");
  if (QDir(folder).isEmpty()) {
    QProcess::execute(QStringLiteral(SEALIFT_SOURCE_DIR "/tests/bench/fetch_pairs.sh"), {folder});
  }
  const Tool tools[] = {
      {"sealift", QStringLiteral("/proc/self/exe --make OLD NEW DELTA"),
       QStringLiteral("/proc/self/exe --apply OLD DELTA MADE")},
      {"xdelta3 -9", QStringLiteral("xdelta3 -9 -f -e -s OLD NEW DELTA"),
       QStringLiteral("xdelta3 -f -d -s OLD DELTA MADE")},
      {"bsdiff", QStringLiteral("bsdiff OLD NEW DELTA"), QStringLiteral("bspatch OLD MADE DELTA")},
      {"zstd -19", QStringLiteral("zstd -q -f --patch-from=OLD -19 --long=27 NEW -o DELTA"),
       QStringLiteral("zstd -q -f -d --long=27 --patch-from=OLD DELTA -o MADE")},
  };
  int pairs = 0;
  bool kept = true;
  for (const QString& name : QDir(folder).entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
    const Pair pair(folder + u'/' + name);
    if (!pair.isThere()) {
      continue;
    }
    ++pairs;
    const qint64 whole = QFileInfo(pair.file("new")).size();
    std::printf("%s: %s -> %s, %lld bytes\n", qPrintable(name), qPrintable(pair.version("old")),
                qPrintable(pair.version("new")), static_cast<long long>(whole));
    Row ours;
    qint64 best = kMost;
    for (const Tool& tool : tools) {
      const Row row = pair.measure(tool);
      std::printf("  %-11s %9lld bytes (%5.2f %%), made in %6.2f s, applied in %6.3f s with %6.1f MiB\n", tool.name,
                  static_cast<long long>(row.bytes),
                  100.0 * static_cast<double>(row.bytes) / static_cast<double>(whole), row.makeSeconds,
                  row.apply.seconds, static_cast<double>(row.apply.kibibytes) / 1024);
      if (&tool == tools) {
        ours = row;
      } else {
        best = std::min(best, row.bytes);
      }
    }
    std::printf("  ratio to the smallest of theirs %.3f (at most 1)\n",
                static_cast<double>(ours.bytes) / static_cast<double>(best));
    kept = kept && ours.bytes <= best;
  }
  if (pairs == 0) {
    give(QStringLiteral("there are no pairs in %1; tests/bench/fetch_pairs.sh fetches them.").arg(folder));
  }
  return kept ? 0 : 1;
}
