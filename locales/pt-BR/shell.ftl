# The frame of every page: navigation, menus, keys, errors.
skip-to-content = Ir para o conteúdo
main-navigation = Principal
conversations = Conversas
rail-conversations = Conversas
waiting = esperando
shortcuts = Atalhos do teclado
user-menu = { $name }. Abrir menu
theme = Tema
theme-system = Como no aparelho
theme-light = Claro
theme-dark = Escuro
theme-contrast = Alto contraste
language = Idioma
sign-out = Sair
close = Fechar
undo = Desfazer
request = Pedido

shortcut-move = próxima e anterior na lista
shortcut-open = abrir a conversa; ao escrever, enviar
shortcut-reply = responder
shortcut-take = assumir a conversa
shortcut-snooze = adiar
shortcut-resolve = resolver
shortcut-close = fechar, voltar para a lista
shortcut-line = nova linha
shortcut-send-resolve = enviar e resolver
shortcut-conversations = ir para as conversas
shortcut-help = todos os atalhos
shortcut-letters = Usar atalhos de uma letra

offline = Sem conexão desde { $time }. O que você escrever fica guardado e sai quando voltar.
request-failed = Não deu para concluir. Tente de novo.

error-404-title = Esta página não existe
error-404 = O endereço mudou, ou a conversa não é sua para ver.
error-403-title = Sem permissão
error-403 = Seu papel não permite ver esta página. Quem administra a conta pode mudar isso.
error-500-title = Não deu para abrir esta página
error-500 = Nada do que você escreveu se perdeu. Tente de novo; se continuar, passe o número do pedido ao suporte.
error-back = Ir para as conversas
