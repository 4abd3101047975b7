login-title = Entrar
login-slogan = Cada conversa com dono, prazo e resposta.
login-story = O atendimento da sua empresa no WhatsApp acontece aqui.
login-encrypted = Mensagens cifradas em repouso
login-installed = Instalado em { $name }
login-hint = Use o e-mail da empresa.
login-email = E-mail
login-password = Senha
login-submit = Entrar
login-mismatch = E-mail ou senha não conferem.
login-mismatch-left = { $count ->
    [one] E-mail ou senha não conferem. Resta { $count } tentativa.
   *[other] E-mail ou senha não conferem. Restam { $count } tentativas.
}
login-too-many = { $count ->
    [one] Tentativas demais. Tente de novo em { $count } minuto.
   *[other] Tentativas demais. Tente de novo em { $count } minutos.
}
login-session-ended = A sessão terminou. Entre de novo para continuar.
login-failed = Não deu para entrar agora. Tente de novo.
