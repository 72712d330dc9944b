// The frame of every dialog: a title, words, a body, buttons at the right. Shown with open(), so
// nothing ever waits inside a nested event loop; deletes itself when closed.
#pragma once

#include "ui/widgets/buttons.h"

#include <QDialog>

class QHBoxLayout;
class QVBoxLayout;

namespace sealift {

class Banner;
struct Error;

class DialogFrame : public QDialog {
  Q_OBJECT

 public:
  DialogFrame(const QString& name, const QString& title, const QString& text, QWidget* parent);

  // Shows an error above the buttons; the dialog stays.
  void showError(const Error& error);
  void hideError();

 protected:
  QVBoxLayout* body() const { return body_; }
  // Buttons stand in the order of the calls; the one that is safe should be first and gets the focus.
  QPushButton* addButton(const QString& text, const QString& name, ButtonKind kind);

 private:
  QVBoxLayout* body_;
  QHBoxLayout* buttons_;
  Banner* error_;
};

}  // namespace sealift
