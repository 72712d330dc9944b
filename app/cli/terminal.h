// The terminal as a command sees it: text out, questions in, progress that suits where it goes.
#pragma once

#include "app/base/result.h"

#include <QJsonDocument>
#include <QString>
#include <QTextStream>

#include <optional>

namespace sealift {

class Terminal {
 public:
  // Not owned; tests pass strings. `interactive`: somebody sits there who can be asked.
  Terminal(QTextStream& in, QTextStream& out, QTextStream& err, bool interactive, bool progressBars)
      : in_(in), out_(out), err_(err), interactive_(interactive), progressBars_(progressBars) {}

  void line(const QString& text = {});
  void json(const QJsonDocument& document);
  void error(const Error& error);  // what happened, what to do, the code; on the error stream
  void note(const QString& text);  // what is no answer, on the error stream
  bool interactive() const { return interactive_; }
  // True for "yes" typed in full ("y" is too easy for what it does). False when nobody can be asked. Ctrl-C
  // while the question stands ends the program: nothing runs then.
  bool confirm(const QString& question);
  // A line that is typed, in sight. Nothing when nobody can be asked.
  std::optional<QString> ask(const QString& question);
  // On a terminal one line that is redrawn; otherwise a plain line whenever `step` changes, and every tenth.
  void progress(const QString& step, double fraction, const QString& detail);
  void endProgress();
  // Lines of two columns, the first padded. Here and in tables a value stays on its line, whatever is in it.
  void pairs(const QList<std::pair<QString, QString>>& rows);
  // A table with a header; columns as wide as their widest cell.
  void table(const QStringList& header, const QList<QStringList>& rows);

 private:
  QTextStream& in_;
  QTextStream& out_;
  QTextStream& err_;
  bool interactive_;
  bool progressBars_;
  QString lastStep_;
  int lastTenth_ = -1;
  bool drawing_ = false;
};

}  // namespace sealift
