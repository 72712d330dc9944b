// Runs a fuzz target over files and folders instead of libFuzzer: for compilers that have none, and as a test.
//   fuzz_NAME [-OPTION…] FILE|FOLDER…     libFuzzer's options are accepted and ignored
#include "tests/fuzz/fuzz_target.h"

#include <QDirIterator>
#include <QFileInfo>
#include <QStringList>

namespace {

QStringList filesOf(const QString& path) {
  if (!QFileInfo(path).isDir()) {
    return {path};
  }
  QStringList files;
  QDirIterator each(path, QDir::Files);
  while (each.hasNext()) {
    files.append(each.next());
  }
  files.sort();
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  int runs = 0;
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] == '-') {
      continue;
    }
    for (const QString& path : filesOf(QString::fromLocal8Bit(argv[i]))) {
      QFile file(path);
      if (!file.open(QIODevice::ReadOnly)) {
        std::fprintf(stderr, "%s can't be read.\n", qPrintable(path));
        return 1;
      }
      const QByteArray bytes = file.readAll();
      std::printf("%s\n", qPrintable(path));
      std::fflush(stdout);  // the last line names the input that broke it
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.constData()),
                             static_cast<std::size_t>(bytes.size()));
      ++runs;
    }
  }
  std::printf("%d inputs\n", runs);
  return runs > 0 ? 0 : 1;
}
