#include "ui/widgets/search_field.h"

#include "ui/style/typography.h"

#include <QKeyEvent>

namespace sealift {

namespace {
constexpr int kLongestSearch = 200;
}

SearchField::SearchField(const QString& placeholder, const QString& name, int pause, QWidget* parent)
    : QLineEdit(parent) {
  setObjectName(name);
  setPlaceholderText(placeholder);
  setAccessibleName(placeholder);
  setMaxLength(kLongestSearch);
  setClearButtonEnabled(true);
  setFont(textFont(TextStyle::Body));
  timer_.setSingleShot(true);
  timer_.setInterval(pause);
  connect(this, &QLineEdit::textChanged, this, [this] { timer_.start(); });
  connect(&timer_, &QTimer::timeout, this, [this] { Q_EMIT searchChanged(text()); });
}

bool SearchField::event(QEvent* event) {
  // Escape clears the field before the window's own use of it.
  if (event->type() == QEvent::ShortcutOverride && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape &&
      !text().isEmpty()) {
    event->accept();
    return true;
  }
  return QLineEdit::event(event);
}

void SearchField::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Escape && !text().isEmpty()) {
    clear();
    return;
  }
  QLineEdit::keyPressEvent(event);
}

}  // namespace sealift
